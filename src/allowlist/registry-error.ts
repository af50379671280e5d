// What can go wrong between us and a routing registry: it could not be asked, or its answer could not be read.

export type RegistryFault =
  | 'unreachable'
  | 'reset'
  | 'timeout'
  | 'too-large'
  | 'truncated'
  | 'denied'
  | 'empty'
  | 'refused'
  | 'unreadable'

/** Faults that may be gone a moment later; the others would be the same again. */
const PASSING: ReadonlySet<RegistryFault> = new Set(['unreachable', 'reset', 'timeout', 'truncated'])

export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly fault: RegistryFault
  readonly hint: string | undefined

  /** @param message in words for an operator; what the registry said is in it at most as one short, printable line. */
  constructor(fault: RegistryFault, message: string, hint?: string) {
    super(message)
    this.fault = fault
    this.hint = hint
  }

  get passing(): boolean {
    return PASSING.has(this.fault)
  }
}

/** What a registry said, fit for one line of a terminal: its first line, if that is not long. */
export function printable(text: string): string {
  const line = /\S[^\r\n]*/.exec(text)?.[0] ?? ''
  return line
    .slice(0, 120)
    .replace(/[^\x20-\x7e]/g, '?')
    .trimEnd()
}
