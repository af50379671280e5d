// One frozen state of everything a request is judged by. Prepared whole from a configuration and the files it names,
// or not at all: what does not hold is a list of problems, and nothing changes.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Server as TlsServer, createSecureContext } from 'node:tls'
import { AllowListError, listedPrefix, notPublic, readAllowList } from '../allowlist/read-list.ts'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import type { Prefix } from '../domain/address.ts'
import { type PrefixTable, prefixTable } from '../domain/prefix-table.ts'
import type { Route } from '../domain/route.ts'
import { type Policy, directPolicy } from '../gates/policy.ts'
import { type Anchor, AnchorFileError, loadAnchors } from '../tls/anchors.ts'
import { type ServerIdentity, tlsOptions } from '../tls/context.ts'
import type { RequestServer } from './request-phase.ts'
import { routeTable } from './routes.ts'

export interface Prepared {
  readonly config: Config
  readonly prefixes: PrefixTable
  /** When the allow-list file was written; undefined where the source gate is off. */
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

async function prepareAnchors(config: Config, problems: Problem[]): Promise<readonly Anchor[]> {
  const anchors: Anchor[] = []
  for (const [i, source] of config.client.anchors.entries()) {
    const setting = `client.anchors[${i}]${source.kind === 'file' ? '.file' : ''}`
    const where = source.kind === 'file' ? `${source.file}: ` : ''
    const loaded = await attempt(() => loadAnchors(source), problems, {
      setting,
      where,
      hint: 'get it from Meta or from your certificate authority, and check its fingerprint',
    })
    for (const anchor of loaded ?? []) {
      const twin = anchors.find(({ fingerprint }) => fingerprint === anchor.fingerprint)
      if (twin === undefined) anchors.push(anchor)
      else
        problems.push({
          setting,
          message: `${where}is the same certificate as anchor "${twin.name}"`,
          hint: 'remove one',
        })
    }
  }
  return anchors
}

async function prepareIdentity(
  { tls }: Config,
  anchors: readonly Anchor[],
  problems: Problem[],
): Promise<{ identity: ServerIdentity; certificate: X509Certificate } | undefined> {
  if (tls === undefined) {
    problems.push({
      setting: 'tls',
      message: 'is missing',
      hint: 'a direct front ends TLS itself: give certificate and key',
    })
    return undefined
  }
  const certificate = await attempt(() => readFile(tls.certificate, 'utf8'), problems, {
    setting: 'tls.certificate',
    where: `${tls.certificate}: `,
    hint: 'the PEM file with your certificate and its intermediates',
  })
  const key = await attempt(() => readFile(tls.key, 'utf8'), problems, {
    setting: 'tls.key',
    where: `${tls.key}: `,
    hint: 'the PEM file with the private key',
  })
  if (certificate === undefined || key === undefined) return undefined
  const identity = { certificate, key, minVersion: tls.minVersion }
  const leaf = identityProblem(identity, anchors)
  if (leaf instanceof X509Certificate) return { identity, certificate: leaf }
  problems.push(leaf)
  return undefined
}

function identityProblem(identity: ServerIdentity, anchors: readonly Anchor[]): X509Certificate | Problem {
  const leaf = parsed(() => new X509Certificate(identity.certificate))
  if (leaf === undefined)
    return {
      setting: 'tls.certificate',
      message: 'holds no PEM certificate',
      hint: 'the file must begin with your own certificate',
    }
  const key = parsed(() => createPrivateKey(identity.key))
  if (key === undefined)
    return {
      setting: 'tls.key',
      message: 'holds no PEM private key that can be read',
      hint: 'an encrypted key has to be decrypted first',
    }
  if (!leaf.checkPrivateKey(key))
    return {
      setting: 'tls.key',
      message: 'does not fit tls.certificate',
      hint: 'both have to be of the same issuance',
    }
  try {
    createSecureContext(tlsOptions(identity, anchors))
    return leaf
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'no reason given'
    return {
      setting: 'tls.certificate',
      message: `OpenSSL does not take it: ${reason}`,
      hint: 'RSA keys need 2048 bits, signatures SHA-256',
    }
  }
}

async function prepareSources(
  { sources }: Config,
  problems: Problem[],
  warnings: Problem[],
): Promise<{ prefixes: readonly Prefix[]; updated: Date | undefined }> {
  if (sources.mode === 'none') return { prefixes: [], updated: undefined }
  const setting = 'sources.allowlist'
  const where = `${sources.allowlist}: `
  const list = await attempt(() => readAllowList(sources.allowlist), problems, {
    setting,
    where,
    hint: 'put the AS32934 prefixes there, one a line',
  })
  const extra: Prefix[] = []
  for (const [i, text] of sources.extra.entries()) {
    const prefix = await attempt(async () => listedPrefix(text), problems, {
      setting: `sources.extra[${i}]`,
      where: '',
      hint: 'write ADDRESS/LENGTH',
    })
    if (prefix !== undefined) extra.push(prefix)
  }
  const prefixes = [...(list?.prefixes ?? []), ...extra]
  const odd = notPublic(prefixes)
  if (odd.length > 0)
    warnings.push({
      setting: 'sources',
      message: `admits private or reserved addresses: ${odd.slice(0, 5).join(', ')}${odd.length > 5 ? ', …' : ''}`,
    })
  const age = list === undefined ? 0 : Date.now() - list.updated.getTime()
  if (age > sources.maxAge)
    warnings.push({
      setting,
      message: `${where}is ${Math.floor(age / 86_400_000)} days old`,
      hint: 'refresh it; it goes on serving until then',
    })
  return { prefixes, updated: list?.updated }
}

function anchorWarnings(anchors: readonly Anchor[]): Problem[] {
  const warnings: Problem[] = []
  if (!anchors.some(({ known }) => known?.current === true)) {
    warnings.push({
      setting: 'client.anchors',
      message:
        "none is Meta's current root (Meta Outbound API CA 2025-12): Meta's present certificate will be refused",
      hint: 'download it from Meta\'s page "Webhooks / Getting started / mTLS", then: hubgate anchor add FILE --write',
    })
  }
  for (const { name, certificate } of anchors) {
    const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / 86_400_000)
    if (days < 60)
      warnings.push({
        setting: 'client.anchors',
        message: `anchor "${name}" ${days < 0 ? 'is expired' : `expires in ${days} days`}`,
      })
  }
  return warnings
}

interface Where {
  readonly setting: string
  readonly where: string
  readonly hint: string
}

// One failure is one problem; what is thrown here is about files, and tells no secret.
async function attempt<T>(
  work: () => Promise<T>,
  problems: Problem[],
  { setting, where, hint }: Where,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const own = error instanceof AllowListError || error instanceof AnchorFileError ? error.hint : undefined
    problems.push({ setting, message: `${where}${reasonOf(error)}`, hint: own ?? hint })
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) }
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a directory'
  return message
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
