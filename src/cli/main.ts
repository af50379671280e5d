#!/usr/bin/env node
// The command line: `serve` by itself, all others from tools.ts. Each is one file; what they share is in io.ts and options.ts.
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { endQuietlyOnClosedPipe, exitWith, rephrase, report } from './io.ts'
import { registerServe } from './serve.ts'

endQuietlyOnClosedPipe()
try {
  const program = createProgram()
  if (process.argv[2] !== 'serve') (await import('./tools.ts')).registerTools(program)
  await program.parseAsync()
} catch (error) {
  exitWith(report(error))
}

function createProgram(): Command {
  const program = new Command('hubgate')
    .description('The front door for Meta webhooks.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(rephrase(text)) })
  registerServe(program)
  return program
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return typeof found === 'string' ? found : 'unknown'
}
