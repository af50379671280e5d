// `hubgate front nginx|haproxy|envoy`: a configuration for the server in front of hubgate, made from hubgate.yaml; with --out
// it is written, with the files that it names, else printed.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { planNginx, planStandalone } from './front-nginx.ts'
import { planEnvoy, planHaproxy } from './front-others.ts'
import type { FrontOptions, Planned } from './front-plan.ts'
import { print, printNote } from './io.ts'
import { type ConfigOption, loadMeant, withConfig } from './options.ts'

interface Options extends ConfigOption {
  readonly out?: string
  readonly port: number
  readonly certificate?: string
  readonly key?: string
  readonly standalone?: true
}

type Plan = (config: Config, options: FrontOptions) => Planned

export function registerFront(front: Command): void {
  withOptions(front.command('nginx'))
    .description('nginx ends TLS in front of hubgate')
    .option('--standalone', 'nginx alone, without hubgate: NOT the signature, NOT the verify token')
    .action((options: Options) => give('nginx', options.standalone ? planStandalone : planNginx, options))
  withOptions(front.command('haproxy'))
    .description(
      'HAProxy ends TLS in front of hubgate, or passes it through (listen.proxyProtocol: required)',
    )
    .action((options: Options) => give('haproxy', planHaproxy, options))
  withOptions(front.command('envoy'))
    .description('Envoy ends TLS in front of hubgate')
    .action((options: Options) => give('envoy', planEnvoy, options))
}

function withOptions(command: Command): Command {
  return withConfig(command)
    .option(
      '--out <directory>',
      'write it there, with the anchors and the list that it names; else it is printed',
    )
    .option('--port <port>', 'where it listens', portNumber, 443)
    .option('--certificate <file>', "the server's certificate with its intermediates")
    .option('--key <file>', 'its private key')
}

async function give(front: 'nginx' | 'haproxy' | 'envoy', plan: Plan, options: Options): Promise<void> {
  const { out, port, certificate, key } = options
  const absolute = (file: string | undefined) => (file === undefined ? undefined : resolve(file))
  const place = absolute(out) ?? `/etc/${front}/hubgate`
  const { config } = loadMeant(options)
  const { name, text, notes, files } = plan(config, {
    place,
    port,
    certificate: absolute(certificate),
    key: absolute(key),
  })
  for (const note of notes) printNote(note)
  if (out === undefined) {
    print(text)
    printNote(`it names files in ${place}: --out ${place} writes it there with the anchors and the list`)
    return
  }
  const written = { ...(await files()), [name]: text }
  await mkdir(place, { recursive: true })
  for (const [file, content] of Object.entries(written)) {
    await writeFile(join(place, file), content)
    print(join(place, file))
  }
}

function portNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('not a port')
  return Number(text)
}
