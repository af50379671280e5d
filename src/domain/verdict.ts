// What a gate answers: admit or refuse, both with their reason. Nothing else exists, and neither is a boolean.
import type { RefusalCode } from './refusals.ts'

/** What a gate learnt on the way and the record wants to keep; never a secret. */
export interface Evidence {
  /** The allow-list prefix that holds the source address. */
  readonly prefix?: string
  /** The Meta app whose secret signed the delivery. */
  readonly app?: string
  /** Which of that app's secrets it was, counted from 0 (the newest). */
  readonly secret?: number
}

export interface Admit {
  readonly outcome: 'admit'
  readonly detail: string
  readonly evidence?: Evidence
}

export interface Refuse<Code extends RefusalCode = RefusalCode> {
  readonly outcome: 'refuse'
  readonly code: Code
  /** For the log and the console; the peer sees only the reason of the refusal table. */
  readonly detail: string
}

export type Verdict<Code extends RefusalCode = RefusalCode> = Admit | Refuse<Code>

export function admit(detail: string, evidence?: Evidence): Admit {
  return evidence === undefined ? { outcome: 'admit', detail } : { outcome: 'admit', detail, evidence }
}

export function refuse<const Code extends RefusalCode>(code: Code, detail: string): Refuse<Code> {
  return { outcome: 'refuse', code, detail }
}
