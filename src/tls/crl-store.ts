// Keeps fetched revocation lists on disk, one file an address: whole or not at all, and never replaced by what is older, does
// not verify, or speaks about something else. Whoever is on the way to the authority can only keep us from a newer list.
import { type X509Certificate, createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'
import { readCertificateParts } from './crl-certificate.ts'
import { ListFetchError, fetchList } from './crl-fetch.ts'
import { type RefreshOutcome, writeListStatus } from './crl-status.ts'
import { type RevocationList, RevocationListError, isCurrent, readRevocationList } from './crl.ts'

export interface RefreshSettings {
  readonly urls: readonly string[]
  /** Where the lists stand; made where it is missing. */
  readonly directory: string
  readonly authorities: readonly X509Certificate[]
  readonly now: Date
  /** Default: fetchList. */
  readonly fetch?: (url: string) => Promise<Uint8Array>
}

/** Where the list of an address stands: DER. */
export function listFileOf(directory: string, url: string): string {
  return join(directory, `${createHash('sha256').update(url).digest('hex').slice(0, 16)}.crl`)
}

/** Fetches, checks and stores each list, and writes down how it went. Never throws for what a server or a disk does. */
export async function refreshLists(settings: RefreshSettings): Promise<RefreshOutcome[]> {
  const { urls, directory } = settings
  const outcomes = await Promise.all([...new Set(urls)].map((url) => refreshList(url, settings)))
  try {
    await removeLeftovers(directory)
    await writeListStatus(directory, outcomes)
    return outcomes
  } catch (error) {
    const note = `; this could not be written down (${codeOf(error)})`
    return outcomes.map(({ url, time, outcome, message, hint }) => ({
      url,
      time,
      outcome,
      message: message + note,
      hint,
    }))
  }
}

async function refreshList(url: string, settings: RefreshSettings): Promise<RefreshOutcome> {
  const { directory, authorities, now, fetch = fetchList } = settings
  const became = (outcome: RefreshOutcome['outcome'], message: string, hint?: string): RefreshOutcome => ({
    url,
    time: now,
    outcome,
    message,
    hint,
  })
  try {
    const der = await fetch(url)
    const fetched = await readRevocationList(der, authorities, now)
    const file = listFileOf(directory, url)
    return await inTurn(file, async () => {
      const stored = await storedList(file, settings)
      if (stored?.fingerprint === fetched.fingerprint)
        return became('unchanged', described(fetched, now), hintFor(fetched, now))
      const objection = stored && objectionTo(fetched, stored, now)
      if (objection !== undefined) return became('refused', objection, 'the stored list stays in use')
      await mkdir(directory, { recursive: true })
      await replaceFile(file, der)
      return became('stored', described(fetched, now), hintFor(fetched, now))
    })
  } catch (error) {
    if (error instanceof RevocationListError) return became('refused', error.message, error.hint)
    if (error instanceof ListFetchError) return became('failed', error.message, error.hint)
    return became('failed', `it could not be stored (${codeOf(error)})`, `look at ${directory}`)
  }
}

const turns = new Map<string, Promise<unknown>>()

// Within a process one after the other. Two processes can both find their list newer than the stored one, and the older of
// theirs can then come last; both are good, each file is whole, and the next refresh brings the newer one back.
async function inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(file) ?? Promise.resolve()
  const mine = before.then(work, work)
  turns.set(file, mine)
  try {
    return await mine
  } finally {
    if (turns.get(file) === mine) turns.delete(file)
  }
}

// What is damaged, or of an authority that we no longer know, is nothing to hold a new list against.
async function storedList(
  file: string,
  { authorities, now }: RefreshSettings,
): Promise<RevocationList | undefined> {
  try {
    return await readRevocationList(await readFile(file), authorities, now)
  } catch (error) {
    if (error instanceof RevocationListError || codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function objectionTo(fetched: RevocationList, stored: RevocationList, now: Date): string | undefined {
  const sameIssuer = subjectOf(stored).equals(subjectOf(fetched))
  // The list of somebody else, or of another part, is not a newer one of these, though its signature is good; when the stored
  // one has run out, the address may have been given to another list.
  if (isCurrent(stored, now)) {
    if (!sameIssuer) return 'it is the list of another authority than the stored one, which is still current'
    const narrower = fetched.points.length > 0 && !stored.points.some((uri) => fetched.points.includes(uri))
    if (narrower) return 'it covers another part than the stored list, which is still current'
  }
  if (!sameIssuer) return undefined
  const older = `it is older than the stored list (${told(fetched)}; stored: ${told(stored)})`
  // Numbers only grow (RFC 5280 §5.2.3), for one key: a new one may count anew.
  if (
    fetched.number !== undefined &&
    stored.number !== undefined &&
    fetched.number !== stored.number &&
    fetched.issuer.publicKey.equals(stored.issuer.publicKey)
  )
    return fetched.number < stored.number ? older : undefined
  return fetched.thisUpdate.getTime() < stored.thisUpdate.getTime() ? older : undefined
}

function subjectOf({ issuer }: RevocationList): Buffer {
  return Buffer.from(readCertificateParts(issuer.raw).subject)
}

function told({ number, thisUpdate }: RevocationList): string {
  return `${number === undefined ? '' : `number ${number}, `}of ${thisUpdate.toISOString()}`
}

function described(list: RevocationList, now: Date): string {
  const next = list.nextUpdate?.toISOString()
  const until = isCurrent(list, now)
    ? `good until ${next}`
    : next === undefined
      ? 'never current'
      : `stale since ${next}`
  return `${list.size} revoked, ${told(list)}, ${until}`
}

function hintFor(list: RevocationList, now: Date): string | undefined {
  return isCurrent(list, now)
    ? undefined
    : 'the authority has not renewed its list: ask it, and compare the clock here'
}

/** Files of a write that was killed are removed when they are so old that nobody writes them any more, milliseconds. */
const LEFT_OVER = 3_600_000

async function removeLeftovers(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.tmp')) continue
    const file = join(directory, name)
    const written = await stat(file).catch(() => undefined)
    if (written !== undefined && Date.now() - written.mtimeMs > LEFT_OVER) await rm(file, { force: true })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
