// How the last refresh of each list went, kept beside the lists: a gateway shows it, whoever did the refresh.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'

export interface RefreshOutcome {
  readonly url: string
  readonly time: Date
  /** stored: it is new. unchanged: it is the one we have. refused: it may not be used, or is older. failed: it could not be fetched or written. */
  readonly outcome: (typeof OUTCOMES)[number]
  readonly message: string
  readonly hint: string | undefined
}

const OUTCOMES = ['stored', 'unchanged', 'refused', 'failed'] as const

/** Where it stands. @param directory of the lists. */
export function statusFileOf(directory: string): string {
  return join(directory, 'status.json')
}

/** @throws the system's error. */
export async function writeListStatus(directory: string, outcomes: readonly RefreshOutcome[]): Promise<void> {
  const lists = outcomes.map(({ time, ...rest }) => ({ time: time.toISOString(), ...rest }))
  await replaceFile(statusFileOf(directory), `${JSON.stringify({ lists }, undefined, 2)}\n`)
}

/** @returns none where there never was a refresh, or what is there is no status. */
export async function readListStatus(directory: string): Promise<readonly RefreshOutcome[]> {
  try {
    const raw: unknown = JSON.parse(await readFile(statusFileOf(directory), 'utf8'))
    if (!(raw instanceof Object && 'lists' in raw && Array.isArray(raw.lists))) return []
    return raw.lists.map(outcomeOf).filter((outcome) => outcome !== undefined)
  } catch {
    return []
  }
}

function outcomeOf(raw: unknown): RefreshOutcome | undefined {
  if (!(raw instanceof Object && 'url' in raw && 'time' in raw && 'outcome' in raw && 'message' in raw))
    return undefined
  const outcome = OUTCOMES.find((known) => known === raw.outcome)
  const time = new Date(String(raw.time))
  if (outcome === undefined || Number.isNaN(time.getTime())) return undefined
  const hint = 'hint' in raw ? String(raw.hint).slice(0, 1_000) : undefined
  const [url, message] = [raw.url, raw.message].map((text) => String(text).slice(0, 1_000))
  return { url: url ?? '', time, outcome, message: message ?? '', hint }
}
