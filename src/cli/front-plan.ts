// What every configuration for a front needs of hubgate.yaml: the socket between them, the anchors, the list. And what it is
// to a front that it cannot be: collected, and told in words.
import { exportList } from '../allowlist/exports.ts'
import type { Config, ListenAddress } from '../config/config.ts'
import { aggregate } from '../domain/aggregate.ts'
import { type Anchor, AnchorFileError, loadAnchors, signedBy } from '../tls/anchors.ts'
import { readList } from './allowlist-list.ts'
import { CliError, EXIT } from './io.ts'

export interface Planned {
  /** Without a directory. */
  readonly name: string
  readonly text: string
  /** What a person has to know beside it. */
  readonly notes: readonly string[]
  /** Files that it names, by name, to be written beside it. */
  readonly files: () => Promise<Readonly<Record<string, string>>>
}

export interface FrontOptions {
  /** The directory of the files that it names. */
  readonly place: string
  readonly port: number
  readonly certificate: string | undefined
  readonly key: string | undefined
}

/** Where hubgate listens for it. A Unix socket first: who may connect there is the file's to say. */
export function socketOf({ listen }: Config): ListenAddress {
  const [first = { kind: 'tcp', host: undefined, port: 8443 }] = listen.address
  return listen.address.find(({ kind }) => kind === 'unix') ?? first
}

export function hostOf({ host = '127.0.0.1' }: Extract<ListenAddress, { kind: 'tcp' }>): string {
  if (host === '::' || host === '0.0.0.0') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** @throws CliError with all that this configuration says and the front cannot do the same way: exit 3. */
export function demandNone(front: string, problems: readonly string[], hint: string): void {
  if (problems.length === 0) return
  const message = `${front} cannot do what this configuration says:\n  ${problems.join('\n  ')}`
  throw new CliError(message, { hint, exit: EXIT.wanting })
}

/** What is wrong with the hop between a front that ends TLS and hubgate. */
export function hopProblems(front: string, { listen, tls }: Config): readonly string[] {
  return [
    ...(listen.front === front
      ? []
      : [`listen.front is ${listen.front}: hubgate would not read what ${front} tells`]),
    ...(tls === undefined || listen.front !== front
      ? []
      : ['tls: hubgate would speak TLS to it; leave tls out, the hop is a Unix socket or loopback']),
  ]
}

/** @throws CliError where one cannot be read. @param states retired ones are nobody's. */
export function anchorsFor(
  { client }: Config,
  states: readonly Anchor['state'][],
  now = new Date(),
): readonly Anchor[] {
  return client.anchors.flatMap((source) => {
    try {
      return loadAnchors(source, now).filter(({ state }) => states.includes(state))
    } catch (error) {
      const hint = error instanceof AnchorFileError ? error.hint : undefined
      throw new CliError(
        `anchor ${source.name}: ${error instanceof Error ? error.message : 'cannot be read'}`,
        {
          hint,
          exit: EXIT.wanting,
        },
      )
    }
  })
}

/** OpenSSL without partial chains: one that is no root leads nowhere. */
export function rootProblems(front: string, anchors: readonly Anchor[]): readonly string[] {
  return anchors
    .filter((anchor) => anchor.partial && !anchors.some((other) => isAbove(other, anchor)))
    .map(({ name }) => `client.anchors: ${name} is no root, and ${front} takes no chain that ends in it`)
}

/** Where only the leaf is passed on. */
export function leafNotes(front: string, anchors: readonly Anchor[]): readonly string[] {
  return anchors
    .filter((anchor) => anchor.pathLength !== 0 && !anchors.some((other) => isAbove(anchor, other)))
    .map(
      ({ name }) =>
        `${front} passes on the leaf alone: below ${name} hubgate admits what ${name} itself has signed. Where its leaves hang below an intermediate, add that one to client.anchors, too`,
    )
}

function isAbove(issuer: Anchor, anchor: Anchor): boolean {
  return issuer !== anchor && signedBy(anchor.certificate, issuer.certificate)
}

export function bundleOf(anchors: readonly Anchor[]): string {
  return anchors.map(({ name, certificate }) => `# ${name}\n${certificate.toString()}`).join('')
}

/** @throws CliError where there is no list. */
export async function listOf({ sources }: Config, format: 'nginx' | 'haproxy'): Promise<string> {
  const { prefixes } = await readList(sources.allowlist)
  return exportList(aggregate(prefixes), format)
}

/** A word that ends nowhere else than it should, in any of their languages. */
export function plainPath(path: string): string {
  if (/^[\w./@:+,~-]+$/.test(path)) return path
  throw new CliError(`a path holds characters that would have to be escaped there: ${JSON.stringify(path)}`, {
    hint: 'use letters, digits and ./@:+,~_- for what a front has to read',
  })
}
