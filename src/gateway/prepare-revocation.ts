// Reads the revocation lists for a generation: those of files, and those that were fetched into the state directory.
// What an operator wrote has to hold; what was fetched and does not hold any more is left out with a warning.
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { readBytes } from '../config/read-text.ts'
import { type Anchor, subjectOf } from '../tls/anchors.ts'
import { distributionPointsOf } from '../tls/crl-certificate.ts'
import { MAX_LIST_FILE, readRevocationFile } from '../tls/crl-file.ts'
import { statusFileOf } from '../tls/crl-status.ts'
import { listFileOf } from '../tls/crl-store.ts'
import { type RevocationList, isCurrent, readRevocationList } from '../tls/crl.ts'
import type { RevocationSource } from '../tls/revocation.ts'
import { isActive } from './prepare-anchors.ts'
import { attempt } from './prepare-files.ts'

interface Said {
  readonly problems: Problem[]
  readonly warnings: Problem[]
  readonly now: Date
}

const NONE: RevocationSource = { lists: [], intermediates: [] }

export async function prepareRevocation(
  config: Config,
  all: readonly Anchor[],
  said: Said,
): Promise<RevocationSource> {
  if (config.client.revocation.mode === 'none') return NONE
  const anchors = all.filter(isActive)
  const written = await writtenFiles(config, said.problems)
  const intermediates = written.flatMap(({ certificates }) => certificates)
  // Staged and retired ones, too: their lists stay in the files while anchors come and go, and can only refuse.
  const authorities = [...all.map(({ certificate }) => certificate), ...intermediates]
  const lists: RevocationList[] = []
  for (const { lists: found, where } of written)
    for (const der of found) {
      const list = await attempt(() => readRevocationList(der, authorities, said.now), said.problems, where)
      if (list !== undefined) lists.push(list)
    }
  lists.push(...(await fetchedLists(config, { anchors, authorities, said })))
  said.problems.push(...emptyProblems(config, lists))
  said.warnings.push(...listWarnings(lists, { anchors, now: said.now }))
  return { lists, intermediates }
}

async function writtenFiles({ client }: Pick<Config, 'client'>, problems: Problem[]) {
  const written = []
  for (const [i, file] of client.revocation.files.entries()) {
    const setting = `client.revocation.files[${i}]`
    const where = { setting, where: `${file}: `, hint: 'a PEM or DER revocation list' }
    const content = await attempt(() => readRevocationFile(readBytes(file, MAX_LIST_FILE)), problems, where)
    if (content !== undefined) written.push({ ...content, where })
  }
  return written
}

/** The certificates that came with the lists; adds to `problems` where a file does not hold. */
export async function intermediatesOf(
  config: Pick<Config, 'client'>,
  problems: Problem[],
): Promise<readonly X509Certificate[]> {
  const written = await writtenFiles(config, problems)
  return written.flatMap(({ certificates }) => certificates)
}

/** Where lists are fetched from: what the configuration names, and the anchors' own distribution points. Never a client's. */
export function listAddresses(
  { client }: Pick<Config, 'client'>,
  anchors: readonly Anchor[],
): readonly string[] {
  const named = anchors.flatMap(({ certificate }) => distributionPointsOf(certificate))
  return [...new Set([...client.revocation.urls, ...named])]
}

export function listDirectory({ state }: Pick<Config, 'state'>): string {
  return join(state, 'crl')
}

/** What tells of new lists: watched. A refresh writes its status last, whoever did it. */
export function revocationFiles(config: Config): readonly string[] {
  const { mode, files } = config.client.revocation
  return mode === 'none' ? [] : [...files, statusFileOf(listDirectory(config))]
}

interface Fetched {
  readonly anchors: readonly Anchor[]
  readonly authorities: readonly X509Certificate[]
  readonly said: Said
}

async function fetchedLists(
  config: Config,
  { anchors, authorities, said }: Fetched,
): Promise<RevocationList[]> {
  const lists: RevocationList[] = []
  for (const url of listAddresses(config, anchors)) {
    const file = listFileOf(listDirectory(config), url)
    const where = {
      setting: 'client.revocation',
      where: `the list of ${url}: `,
      hint: 'hubgate anchor crl refresh',
    }
    const read = async () => readRevocationList(readBytes(file, MAX_LIST_FILE), authorities, said.now)
    const list = await attempt(read, said.warnings, where)
    if (list !== undefined) lists.push(list)
  }
  return lists
}

// With `hard` and no list at all everybody would be refused; with `soft` nobody could be told.
function emptyProblems({ client }: Config, lists: readonly RevocationList[]): Problem[] {
  const { mode, files } = client.revocation
  if (lists.length > 0 || files.length > 0 || mode !== 'hard') return []
  return [
    {
      setting: 'client.revocation.mode',
      message: 'is hard, and there is no revocation list: every client would be refused',
      hint: 'get the lists first: hubgate anchor crl refresh; or write soft',
    },
  ]
}

/** Stale lists, and anchors that no list speaks for. */
export function listWarnings(
  lists: readonly RevocationList[],
  { anchors, now }: { anchors: readonly Anchor[]; now: Date },
): Problem[] {
  const setting = 'client.revocation'
  const stale = lists.filter((list) => !isCurrent(list, now))
  const silent = anchors.filter(
    ({ certificate }) => !lists.some(({ issuer }) => issuer.fingerprint256 === certificate.fingerprint256),
  )
  return [
    ...stale.map(({ issuer, nextUpdate }) => ({
      setting,
      message: `the list of ${subjectOf(issuer)} is out of date since ${nextUpdate?.toISOString() ?? 'ever'}`,
      hint: 'hubgate anchor crl refresh says why there is no newer one',
    })),
    ...silent.map(({ name, certificate }) => ({
      setting,
      message: `there is no revocation list of anchor "${name}"`,
      hint:
        distributionPointsOf(certificate).length > 0
          ? 'fetch it: hubgate anchor crl refresh'
          : 'it names no distribution point: give its list under client.revocation, files or urls',
    })),
  ]
}
