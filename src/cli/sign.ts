// `hubgate sign FILE`: prints the value for X-Hub-Signature-256.
import type { Command } from 'commander'
import { sign } from '../domain/signature.ts'
import { print } from './io.ts'
import { readBody } from './read-body.ts'
import { type SecretOptions, readOneSecret, withSecrets } from './secrets.ts'

export function registerSign(program: Command): void {
  withSecrets(
    program
      .command('sign')
      .description('print the X-Hub-Signature-256 of a body')
      .argument('<file>', 'the body as raw bytes, - for standard input'),
  ).action((file: string, options: SecretOptions) => {
    const secret = readOneSecret(options)
    print(sign(readBody(file), secret))
  })
}
