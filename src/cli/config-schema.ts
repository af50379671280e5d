// `hubgate config schema`: the JSON Schema of hubgate.yaml, for editors.
import type { Command } from 'commander'
import { configJsonSchema } from '../config/json-schema.ts'
import { printJson } from './io.ts'
import { withJson } from './options.ts'

export function registerConfigSchema(config: Command): void {
  withJson(config.command('schema'))
    .description('print a JSON Schema of hubgate.yaml, for editors')
    .action(() => printJson(configJsonSchema()))
}
