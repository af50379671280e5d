// What the compiler promises: a gate stands only where its facts are known, and gives only the codes it names.
// `tsc` is what runs these; each @ts-expect-error fails there as soon as the line below it compiles.
import { expect, it } from 'vitest'
import type { BodyFacts, ConnectionFacts, IdentityFacts, RequestFacts } from '../../src/domain/facts.ts'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { admit, refuse } from '../../src/domain/verdict.ts'
import { certificate } from '../../src/gates/certificate.ts'
import type { Gate } from '../../src/gates/gate.ts'
import { route } from '../../src/gates/route.ts'
import type { Placed } from '../../src/gates/run.ts'
import { signature } from '../../src/gates/signature.ts'

it('a connection gate cannot read header fields', () => {
  const nosy: Gate<ConnectionFacts, 'SOURCE_NOT_ALLOWED'> = {
    name: 'nosy',
    // @ts-expect-error -- fields are not known before HTTP
    check: ({ fields }) => (fields === undefined ? admit('') : refuse('SOURCE_NOT_ALLOWED', '')),
  }
  const annotated: Gate<ConnectionFacts, never> = {
    name: 'annotated',
    // @ts-expect-error -- a check that demands more than the phase knows
    check: ({ fields }: RequestFacts) => admit(`${fields.count}`),
  }
  expect([nosy.name, annotated.name]).toHaveLength(2)
})

it('a gate cannot give a code that it does not name, nor one that does not exist', () => {
  const foreign: Gate<ConnectionFacts, 'SOURCE_NOT_ALLOWED'> = {
    name: 'foreign',
    // @ts-expect-error -- a code of another gate
    check: () => refuse('SIGNATURE_MISMATCH', ''),
  }
  const invented: Gate<ConnectionFacts, RefusalCode> = {
    name: 'invented',
    // @ts-expect-error -- a code of no row
    check: () => refuse('BAD_REQUEST', ''),
  }
  expect([foreign.name, invented.name]).toHaveLength(2)
})

it('a gate cannot stand in a phase that comes before its facts', () => {
  // @ts-expect-error -- the route is known with the request
  const early: Placed<ConnectionFacts> = { gate: route(), observed: false }
  // @ts-expect-error -- the digests are known with the body
  const earlier: Placed<RequestFacts> = { gate: signature(), observed: false }
  // @ts-expect-error -- a certificate is no fact of a body
  const late: Placed<BodyFacts> = { gate: certificate({ absentMayWait: false }), observed: false }
  // A later phase that knows the facts is allowed: identity facts are part of the request's.
  const inTime: Placed<RequestFacts> = { gate: certificate({ absentMayWait: false }), observed: false }
  const first: Placed<IdentityFacts> = { gate: certificate({ absentMayWait: false }), observed: false }
  expect([early, earlier, late, inTime, first]).toHaveLength(5)
})

it('a check answers at once, and with a verdict', () => {
  const slow: Gate<ConnectionFacts, never> = {
    name: 'slow',
    // @ts-expect-error -- a promise is no verdict
    check: async () => admit(''),
  }
  const boolean: Gate<ConnectionFacts, never> = {
    name: 'boolean',
    // @ts-expect-error -- nor is a boolean
    check: () => true,
  }
  expect([slow.name, boolean.name]).toHaveLength(2)
})
