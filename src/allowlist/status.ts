// How the last refresh went, kept beside the list: a gateway shows it, whoever did the refresh.
import { readFile } from 'node:fs/promises'
import { replaceFile } from '../config/replace-file.ts'

export interface RefreshStatus {
  readonly time: Date
  /** stored: the list is new. refused: a guard refused. failed: the registry could not be asked or read. */
  readonly outcome: 'stored' | 'refused' | 'failed'
  readonly detail: string
}

const OUTCOMES = ['stored', 'refused', 'failed'] as const

/** Where the status of a list stands. */
export function statusOf(file: string): string {
  return `${file}.status.json`
}

export async function writeStatus(file: string, { time, outcome, detail }: RefreshStatus): Promise<void> {
  await replaceFile(statusOf(file), `${JSON.stringify({ time: time.toISOString(), outcome, detail })}\n`)
}

/** @returns undefined where there never was a refresh, or what is there is no status. */
export async function readStatus(file: string): Promise<RefreshStatus | undefined> {
  try {
    const raw: unknown = JSON.parse(await readFile(statusOf(file), 'utf8'))
    if (!(raw instanceof Object && 'time' in raw && 'outcome' in raw && 'detail' in raw)) return undefined
    const outcome = OUTCOMES.find((known) => known === raw.outcome)
    const time = new Date(String(raw.time))
    if (outcome === undefined || Number.isNaN(time.getTime())) return undefined
    return { time, outcome, detail: String(raw.detail).slice(0, 1_000) }
  } catch {
    return undefined
  }
}
