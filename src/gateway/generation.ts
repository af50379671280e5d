// One frozen state of everything a request is judged by. Prepared whole from a configuration and the files it names,
// or not at all: what does not hold is a list of problems, and nothing changes.
import type { X509Certificate } from 'node:crypto'
import type { Server as TlsServer } from 'node:tls'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { type PrefixTable, prefixTable } from '../domain/prefix-table.ts'
import type { Route } from '../domain/route.ts'
import { type Policy, directPolicy } from '../gates/policy.ts'
import type { Anchor } from '../tls/anchors.ts'
import type { ServerIdentity } from '../tls/context.ts'
import { prepareSources } from './prepare-sources.ts'
import { anchorWarnings, prepareAnchors, prepareIdentity } from './prepare-trust.ts'
import type { RequestServer } from './request-phase.ts'
import { routeTable } from './routes.ts'

export interface Prepared {
  readonly config: Config
  readonly prefixes: PrefixTable
  /** When the allow-list was written; undefined where the source gate is off, or the first refresh is still to come. */
  readonly listUpdated: Date | undefined
  readonly anchors: readonly Anchor[]
  readonly identity: ServerIdentity
  readonly serverCertificate: X509Certificate
  readonly routes: ReadonlyMap<string, Route>
  readonly policy: Policy
  /** Not wrong, but worth a shout at every start. */
  readonly warnings: readonly Problem[]
}

export interface Generation extends Prepared {
  readonly id: number
  /** The TLS and HTTP servers that new connections of this generation go through. */
  readonly servers: { readonly tls: TlsServer; readonly http: RequestServer }
}

export type Preparation = Prepared | { readonly problems: readonly Problem[] }

/** Reads every file the configuration names. @returns all problems at once where there is one. */
export async function prepare(config: Config): Promise<Preparation> {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const anchors = await prepareAnchors(config, problems)
  const server = await prepareIdentity(config, anchors, problems)
  const list = await prepareSources(config, problems, warnings)
  if (problems.length > 0 || server === undefined) return { problems }
  warnings.push(...anchorWarnings(anchors))
  const prefixes = prefixTable(list.prefixes)
  const { client, sources, limits } = config
  return Object.freeze({
    config,
    prefixes,
    listUpdated: list.updated,
    anchors,
    identity: server.identity,
    serverCertificate: server.certificate,
    routes: routeTable(config),
    policy: directPolicy({
      prefixes,
      sources: sources.mode,
      require: client.require,
      commonNames: client.commonNames,
      limits,
    }),
    warnings,
  })
}

/** What is wrong with the files that a valid configuration names, for `hubgate config check`. */
export async function prepareProblems(config: Config): Promise<readonly Problem[]> {
  const prepared = await prepare(config)
  return 'problems' in prepared ? prepared.problems : []
}

/** The files a generation was made from: watched, and read again when they change. */
export function filesOf({ tls, client, sources }: Config): readonly string[] {
  return [
    ...(tls === undefined ? [] : [tls.certificate, tls.key]),
    ...client.anchors.flatMap((anchor) => (anchor.kind === 'file' ? [anchor.file] : [])),
    ...(sources.mode === 'none' ? [] : [sources.allowlist]),
  ]
}
