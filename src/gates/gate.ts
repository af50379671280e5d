// The one shape of every rule: facts in, verdict out, at once and without I/O.
import type { RefusalCode } from '../domain/refusals.ts'
import type { Verdict } from '../domain/verdict.ts'

export interface Gate<in Needs, out Code extends RefusalCode> {
  readonly name: string
  // A property, not a method: method parameters are bivariant, and a connection gate could then read header fields.
  readonly check: (facts: Needs) => Verdict<Code>
}
