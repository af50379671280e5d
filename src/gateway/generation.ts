// One frozen state of everything a request is judged by. Prepared whole from a configuration and the files it names,
// or not at all: what does not hold is a list of problems, and nothing changes.
import type { Server as TlsServer } from 'node:tls'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { warningsOf } from '../config/warnings.ts'
import { type PrefixTable, prefixTable } from '../domain/prefix-table.ts'
import type { Route } from '../domain/route.ts'
import { type Policy, directPolicy, frontedPolicy } from '../gates/policy.ts'
import { trustedPeers } from '../gates/trusted-peer.ts'
import type { Observer } from '../observe/observer.ts'
import type { Anchor } from '../tls/anchors.ts'
import type { Trusted } from '../tls/client-certificate.ts'
import type { Terms } from '../tls/context.ts'
import { selfTestProblem } from '../tls/self-test.ts'
import type { RevocationSource } from '../tls/revocation.ts'
import type { FrontReader } from './fronted.ts'
import { anchorWarnings, isActive, prepareAnchors } from './prepare-anchors.ts'
import { identityWarnings, prepareTerms } from './prepare-identity.ts'
import { prepareRevocation, revocationFiles } from './prepare-revocation.ts'
import { prepareSources } from './prepare-sources.ts'
import type { RequestServer } from './request-phase.ts'
import { routeTable } from './routes.ts'

export interface Prepared {
  readonly config: Config
  readonly prefixes: PrefixTable
  /** When the allow-list was written; undefined where the source gate is off, or the first refresh is still to come. */
  readonly listUpdated: Date | undefined
  /** The active ones. */
  readonly anchors: readonly Anchor[]
  /** Staged and retired ones: they admit nobody. */
  readonly otherAnchors: readonly Anchor[]
  readonly revocation: RevocationSource
  /** What the TLS server is made with; undefined where this listener speaks plain HTTP to a front. */
  readonly terms: Terms | undefined
  readonly routes: ReadonlyMap<string, Route>
  readonly policy: Policy
  /** Not wrong, but worth a shout at every start. */
  readonly warnings: readonly Problem[]
}

export interface Generation extends Prepared {
  readonly id: number
  /** The TLS and HTTP servers that new connections of this generation go through. */
  readonly servers: { readonly tls: TlsServer | undefined; readonly http: RequestServer }
  /** Undefined where clients speak for themselves. */
  readonly front: FrontReader | undefined
}

export type Preparation = Prepared | { readonly problems: readonly Problem[] }

/** Reads every file the configuration names. @param now decides by dates. @returns all problems at once where there is one. */
export async function prepare(config: Config, now = new Date()): Promise<Preparation> {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const all = await prepareAnchors(config, problems, now)
  const anchors = all.filter(isActive)
  const terms = await termsOf(config, anchors, problems)
  const revocation = await prepareRevocation(config, all, { problems, warnings, now })
  const list = await prepareSources(config, problems, warnings)
  if (problems.length > 0) return { problems }
  const failed = terms === undefined ? undefined : await selfTestProblem(terms)
  if (failed !== undefined) return { problems: [failed] }
  warnings.push(...anchorWarnings(anchors, now))
  if (terms !== undefined) warnings.push(...identityWarnings(terms.identities, now))
  const prefixes = prefixTable(list.prefixes)
  return Object.freeze({
    config,
    prefixes,
    listUpdated: list.updated,
    anchors,
    otherAnchors: all.filter((anchor) => !isActive(anchor)),
    revocation,
    terms,
    routes: routeTable(config),
    policy: policyOf(config, prefixes),
    warnings,
  })
}

// A front asks its clients for certificates; of the front itself none is asked for.
async function termsOf(
  config: Config,
  anchors: readonly Anchor[],
  problems: Problem[],
): Promise<Terms | undefined> {
  if (config.listen.front === 'direct') return prepareTerms(config, anchors, problems)
  return config.tls === undefined ? undefined : prepareTerms(config, [], problems)
}

function policyOf({ listen, client, sources, limits }: Config, prefixes: PrefixTable): Policy {
  const inputs = {
    prefixes,
    sources: sources.mode,
    require: client.require,
    commonNames: client.commonNames,
    pins: client.pins,
    revocation: client.revocation.mode,
    limits,
  }
  const peers = trustedPeers(listen.trustedPeers)
  if (listen.front !== 'direct') return frontedPolicy({ ...inputs, trustedPeers: peers })
  return directPolicy({ ...inputs, trustedPeers: listen.proxyProtocol === 'required' ? peers : undefined })
}

/** What is wrong with the files that a valid configuration names, for `hubgate config check`. */
export async function prepareProblems(config: Config): Promise<readonly Problem[]> {
  const prepared = await prepare(config)
  return 'problems' in prepared ? prepared.problems : []
}

/** At every start and every reload: what is switched off, and what will not work for long. */
export function sayWarnings(observer: Observer, { config, warnings }: Prepared): void {
  for (const warning of warningsOf(config)) observer.warn('config.danger', warning)
  for (const warning of warnings) observer.warn('config.warning', warning)
}

/** What a client certificate's path is looked for under. */
export function trustedBy({ config, anchors, revocation }: Prepared): Trusted {
  return { anchors, revocation: config.client.revocation.mode === 'none' ? undefined : revocation }
}

/** The files a generation was made from: watched, and read again when they change. */
export function filesOf(config: Config): readonly string[] {
  const { tls, client, sources } = config
  return [
    ...(tls === undefined ? [] : [tls, ...tls.others].flatMap(({ certificate, key }) => [certificate, key])),
    ...client.anchors.flatMap((anchor) => (anchor.kind === 'file' ? [anchor.file] : [])),
    ...revocationFiles(config),
    ...(sources.mode === 'none' ? [] : [sources.allowlist]),
  ]
}
