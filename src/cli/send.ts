// `hubgate send URL`: plays Meta against a gateway: challenge, signed deliveries, hostile cases, load.
import type { Command } from 'commander'
import { exitWith, print, printJson, wrongUse } from './io.ts'
import { type JsonOption, withJson } from './options.ts'
import { type SecretOptions, fromEnvironment, fromFile, withSecrets } from './secrets.ts'

export interface SendOptions extends SecretOptions, JsonOption {
  readonly payload?: string
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly attack?: string
  readonly rate?: string
  readonly duration?: string
  readonly connections?: string
  readonly retries?: string
  readonly verifyTokenEnv?: string
  readonly verifyTokenFile?: string
  readonly list?: boolean
}

export function registerSend(program: Command): void {
  const command = program
    .command('send')
    .description('play Meta: challenge, signed deliveries, hostile cases, load')
    .argument('[url]', 'the callback URL, https://…')
    .option(
      '--payload <name|file>',
      'what to deliver: a name of --list, "all", or a file as raw bytes (default: whatsapp)',
    )
    .option(
      '--attack <name>',
      'a hostile case of --list, or "all"; exit 3 where it is not refused as it should be',
    )
    .option('--cert <file>', 'client certificate chain, PEM')
    .option('--key <file>', 'its key, PEM')
    .option('--ca <file>', 'PEM to trust the server by; else the usual roots')
    .option(
      '--verify-token-env <name>',
      'environment variable with the verify token: sends the challenge first',
    )
    .option('--verify-token-file <file>', 'file with the verify token: sends the challenge first')
    .option('--retries <n>', 'try a delivery again until 200, as Meta does (default: 0)')
    .option('--rate <n>', 'load: deliveries a second, at most 5000')
    .option('--duration <seconds>', 'load: how long, at most 3600 (default: 10)')
    .option('--connections <n>', 'load: connections at most, up to 256 (default: 16)')
    .option('--list', 'list payloads and attacks')
  withJson(withSecrets(command)).action(send)
}

async function send(url: string | undefined, options: SendOptions): Promise<void> {
  // Loaded when wanted: the lab's packages are large.
  const work = await import('./send-work.ts')
  if (options.list === true)
    return options.json === true ? printJson(work.catalogue()) : print(work.catalogueText())
  if (url === undefined)
    throw wrongUse(
      'send needs a URL',
      'such as https://localhost:8443/webhooks/meta; --list shows what can be sent',
    )
  const context = work.contextOf(url, { ...options, verifyToken: verifyToken(options) })
  const report = await work.play(context, options)
  if (options.json === true) printJson(report.json)
  exitWith(report.exit)
}

function verifyToken({ verifyTokenEnv, verifyTokenFile }: SendOptions): string | undefined {
  if (verifyTokenEnv !== undefined) return fromEnvironment(verifyTokenEnv)
  return verifyTokenFile === undefined ? undefined : fromFile(verifyTokenFile)
}
