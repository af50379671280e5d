// `hubgate init`: writes a first hubgate.yaml and says what to enter at Meta. Makes no keys, lists or secrets.
import { writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { ConfigError } from '../config/problem.ts'
import { parseConfig } from '../config/load.ts'
import { readYaml } from '../config/yaml-file.ts'
import { parseUpstream } from '../domain/upstream-url.ts'
import { type InitAnswers, firstConfig, nextSteps } from './init-text.ts'
import { CliError, print, wrongUse } from './io.ts'

interface InitOptions {
  readonly upstream: string
  readonly host: string
  readonly path: string
  readonly out: string
  readonly force?: boolean
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('write a commented hubgate.yaml and say what to enter at Meta')
    .requiredOption(
      '--upstream <url>',
      'where verified deliveries go: http://…, https://… or unix:/path:/uri',
    )
    .requiredOption('--host <name>', 'the public name of this gateway')
    .option('--path <path>', 'the path of the callback URL', '/webhooks/meta')
    .option('--out <file>', 'the file to write', 'hubgate.yaml')
    .option('--force', 'overwrite the file')
    .action(init)
}

function init(options: InitOptions): void {
  const answers = {
    upstream: options.upstream,
    host: hostName(options.host),
    path: options.path,
    file: options.out,
  }
  refuseUnreadable(answers)
  write(options, firstConfig(answers))
  print(nextSteps(answers))
}

// What is written has to be what would be read: the text goes through the same reading before it reaches the disk.
function refuseUnreadable(answers: InitAnswers): void {
  try {
    parseUpstream(answers.upstream)
  } catch (error) {
    throw wrongUse(
      `--upstream ${error instanceof Error ? error.message : 'is not an upstream'}`,
      'such as http://127.0.0.1:3000/webhooks',
    )
  }
  if (!/^\/[A-Za-z0-9\-._~/]*$/.test(answers.path))
    throw wrongUse(
      '--path does not begin with /, or holds other than letters, digits and - . _ ~ /',
      'such as /webhooks/meta',
    )
  const placeholders = { APP_SECRET: '0'.repeat(32), VERIFY_TOKEN: '0'.repeat(32) }
  try {
    parseConfig(readYaml(firstConfig(answers)).value, {
      env: placeholders,
      baseDir: dirname(resolve(answers.file)),
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw wrongUse(error.problems.map(({ setting, message }) => `${setting}: ${message}`).join('; '))
  }
}

function hostName(host: string): string {
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
  if (host.length <= 253 && new RegExp(`^${label}(?:\\.${label})+$`).test(host)) return host.toLowerCase()
  throw wrongUse(
    '--host is not a full host name',
    'only the name, such as hooks.example.com: no scheme, port or path',
  )
}

function write({ out, force }: InitOptions, text: string): void {
  try {
    writeFileSync(out, text, { flag: force === true ? 'w' : 'wx' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'EEXIST')
      throw new CliError(`${out} is there already`, {
        hint: 'name another with --out FILE, or overwrite it with --force',
      })
    throw new CliError(`${out} cannot be written: ${code}`, { hint: 'name another with --out FILE' })
  }
}
