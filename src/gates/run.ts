// Runs a phase's gates in order. All must admit; the first refusal ends it; a gate that throws admits nobody, observed or not.
import type { RefusalCode } from '../domain/refusals.ts'
import type { Evidence, Refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

/** A gate in its place. An observed gate's refusal is recorded and lets pass: only source and identity gates may be. */
export interface Placed<in Needs, out Code extends RefusalCode = RefusalCode> {
  readonly gate: Gate<Needs, Code>
  readonly observed: boolean
}

export interface Observation {
  readonly gate: string
  readonly refusal: Refuse
}

export interface Admitted {
  readonly outcome: 'admit'
  /** Names of the enforced gates that admitted, in order: what only observes proves nothing. */
  readonly passed: readonly string[]
  readonly observations: readonly Observation[]
  readonly evidence: Evidence
}

export interface Refused {
  readonly outcome: 'refuse'
  readonly gate: string
  readonly refusal: Refuse
  readonly observations: readonly Observation[]
}

export type PhaseVerdict = Admitted | Refused

const NO_EVIDENCE: Evidence = Object.freeze({})

export function runGates<Needs>(gates: readonly Placed<Needs>[], facts: Needs): PhaseVerdict {
  const passed: string[] = []
  const observations: Observation[] = []
  let evidence: Evidence = NO_EVIDENCE
  for (const { gate, observed } of gates) {
    const verdict = checked(gate, facts)
    if (verdict.outcome === 'admit') {
      if (!observed) passed.push(gate.name)
      if (verdict.evidence !== undefined)
        evidence = evidence === NO_EVIDENCE ? verdict.evidence : Object.assign({}, evidence, verdict.evidence)
    } else if (observed && verdict.code !== 'INTERNAL_ERROR')
      observations.push({ gate: gate.name, refusal: verdict })
    else return { outcome: 'refuse', gate: gate.name, refusal: verdict, observations }
  }
  return { outcome: 'admit', passed, observations, evidence }
}

function checked<Needs>(gate: Gate<Needs, RefusalCode>, facts: Needs) {
  try {
    return gate.check(facts)
  } catch (error) {
    const what = error instanceof Error ? error.message : 'something that is no Error'
    return { outcome: 'refuse', code: 'INTERNAL_ERROR', detail: `gate ${gate.name} threw: ${what}` } as const
  }
}
