// Secrets for commands, from the environment or a file: never from arguments, which other processes can read.
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { NamedSecret } from '../domain/signature-diagnosis.ts'
import { wrongUse } from './io.ts'

export interface SecretOptions {
  readonly secretEnv?: readonly string[]
  readonly secretFile?: readonly string[]
}

/** Adds --secret-env NAME and --secret-file FILE, each as often as wanted. */
export function withSecrets(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--secret-env <name>',
        'environment variable that holds the app secret; repeatable',
      ).argParser(collected),
    )
    .addOption(
      new Option('--secret-file <file>', 'file that holds the app secret; repeatable').argParser(collected),
    )
}

/** All secrets named, in the order of the environment's, then the files'. @throws CliError where one is unset or empty. */
export function readSecrets({ secretEnv = [], secretFile = [] }: SecretOptions): readonly NamedSecret[] {
  return [
    ...secretEnv.map((name) => ({ name, secret: fromEnvironment(name) })),
    ...secretFile.map((file) => ({ name: file, secret: fromFile(file) })),
  ]
}

/** Exactly one secret. @throws CliError (wrong use) where there is none, or several. */
export function readOneSecret(options: SecretOptions): string {
  const [first, ...more] = readSecrets(options)
  if (first === undefined)
    throw wrongUse('an app secret is needed', 'give --secret-env NAME or --secret-file FILE')
  if (more.length > 0) throw wrongUse('one app secret signs, not several')
  return first.secret
}

/** @throws CliError where the variable is unset or empty. */
export function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '')
    throw wrongUse(
      `environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}`,
      'the option takes the name of a variable, not the secret itself',
    )
  return value
}

/** One newline at the end is no part of it, as with ${file:…} in the configuration. @throws CliError */
export function fromFile(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongUse(`cannot read the secret file ${file}: ${error instanceof Error ? error.message : ''}`)
  }
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw wrongUse(`the secret file ${file} is empty`)
  return value
}

function collected(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}
