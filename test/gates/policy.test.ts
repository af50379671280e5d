// The order of the gates, pinned: a change of it is a change of policy and has to be meant. And how a phase is run.
import { describe, expect, it } from 'vitest'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { admit, refuse } from '../../src/domain/verdict.ts'
import type { Gate } from '../../src/gates/gate.ts'
import { type Policy, type PolicyInputs, directPolicy, frontedPolicy } from '../../src/gates/policy.ts'
import { runGates } from '../../src/gates/run.ts'
import { trustedPeers } from '../../src/gates/trusted-peer.ts'

const INPUTS: PolicyInputs = {
  prefixes: prefixTable([]),
  sources: 'enforce',
  require: 'always',
  commonNames: ['client.example'],
  pins: [],
  revocation: 'none',
  limits: { connections: 10, connectionsPerAddress: 2, body: 100 },
}

function shown(policy: Policy): Record<string, string[]> {
  const { peer, connection, identity, request, challenge, body } = policy
  const phases = { peer, connection, identity, request, challenge, body }
  return Object.fromEntries(
    Object.entries(phases).map(([phase, gates]) => [
      phase,
      gates.map(({ gate, observed }) => `${gate.name}${observed ? ' (observed)' : ''}`),
    ]),
  )
}

const DIRECT = {
  peer: [],
  connection: ['connection-limit', 'source'],
  identity: ['certificate', 'common-name'],
  request: ['head-size', 'framing', 'route', 'method', 'expectation', 'length', 'media-type'],
  challenge: ['verify-token'],
  body: ['signature'],
}

describe('policy where TLS ends at hubgate', () => {
  it('stands in this order', () => expect(shown(directPolicy(INPUTS))).toEqual(DIRECT))

  it('`listen.proxyProtocol: required` asks first who the peer is, and nothing else changes', () =>
    expect(shown(directPolicy({ ...INPUTS, trustedPeers: trustedPeers([]) }))).toEqual({
      ...DIRECT,
      peer: ['connection-limit', 'trusted-peer'],
    }))

  it('`client.require: deliveries` asks again once the method is known', () =>
    expect(shown(directPolicy({ ...INPUTS, require: 'deliveries' }))).toEqual({
      ...DIRECT,
      request: ['certificate', 'common-name', ...DIRECT.request],
    }))

  it('`client.require: observe` observes the identity and nothing else', () =>
    expect(shown(directPolicy({ ...INPUTS, require: 'observe' }))).toEqual({
      ...DIRECT,
      identity: ['certificate (observed)', 'common-name (observed)'],
    }))

  it('`sources.mode: observe` observes the source and nothing else', () =>
    expect(shown(directPolicy({ ...INPUTS, sources: 'observe' }))).toEqual({
      ...DIRECT,
      connection: ['connection-limit', 'source (observed)'],
    }))

  it('`sources.mode: none` leaves the source out and nothing else', () =>
    expect(shown(directPolicy({ ...INPUTS, sources: 'none' }))).toEqual({
      ...DIRECT,
      connection: ['connection-limit'],
    }))
})

const FRONTED_INPUTS = { ...INPUTS, trustedPeers: trustedPeers(['unix']) }
const FRONTED = {
  peer: ['connection-limit', 'trusted-peer'],
  connection: [],
  identity: [],
  request: ['source', 'certificate', 'common-name', ...DIRECT.request],
  challenge: ['verify-token'],
  body: ['signature'],
}

describe('policy where TLS ends at a front', () => {
  it('asks of each request what a direct front asks of a connection', () =>
    expect(shown(frontedPolicy(FRONTED_INPUTS))).toEqual(FRONTED))

  it('`client.require: deliveries` asks once, when the method is known', () =>
    expect(shown(frontedPolicy({ ...FRONTED_INPUTS, require: 'deliveries' }))).toEqual(FRONTED))

  it('`client.require: observe` observes the identity and nothing else', () =>
    expect(
      shown(frontedPolicy({ ...FRONTED_INPUTS, require: 'observe', pins: ['x'], revocation: 'soft' })),
    ).toEqual({
      ...FRONTED,
      request: [
        'source',
        'certificate (observed)',
        'common-name (observed)',
        'pins (observed)',
        'revocation (observed)',
        ...DIRECT.request,
      ],
    }))

  it('pins and revocation stand right behind the name', () =>
    expect(shown(frontedPolicy({ ...FRONTED_INPUTS, pins: ['x'], revocation: 'hard' }))['request']).toEqual([
      'source',
      'certificate',
      'common-name',
      'pins',
      'revocation',
      ...DIRECT.request,
    ]))

  it.each([
    ['observe', ['source (observed)', ...FRONTED.request.slice(1)]],
    ['none', FRONTED.request.slice(1)],
  ] as const)('`sources.mode: %s` changes the source and nothing else', (sources, request) =>
    expect(shown(frontedPolicy({ ...FRONTED_INPUTS, sources }))).toEqual({ ...FRONTED, request }),
  )
})

const yes = (name: string): Gate<unknown, never> => ({ name, check: () => admit('yes', { prefix: name }) })
const no: Gate<unknown, 'ROUTE_UNKNOWN'> = { name: 'no', check: () => refuse('ROUTE_UNKNOWN', 'no') }
const broken: Gate<unknown, never> = {
  name: 'broken',
  check: () => {
    throw new Error('defect')
  },
}
const enforced = <Placed>(gate: Placed) => ({ gate, observed: false })
const observed = <Placed>(gate: Placed) => ({ gate, observed: true })

describe('running a phase', () => {
  it('admits where all admit, and keeps what they learnt', () =>
    expect(runGates([enforced(yes('a')), enforced(yes('b'))], {})).toEqual({
      outcome: 'admit',
      passed: ['a', 'b'],
      observations: [],
      evidence: { prefix: 'b' },
    }))

  it('ends at the first refusal', () => {
    const never: Gate<unknown, never> = { name: 'never', check: () => expect.fail('asked after a refusal') }
    expect(runGates([enforced(yes('a')), enforced(no), enforced(never)], {})).toMatchObject({
      outcome: 'refuse',
      gate: 'no',
      refusal: { code: 'ROUTE_UNKNOWN' },
    })
  })

  it('an observed refusal is recorded and lets pass', () =>
    expect(runGates([observed(no), enforced(yes('a'))], {})).toMatchObject({
      outcome: 'admit',
      passed: ['a'],
      observations: [{ gate: 'no', refusal: { code: 'ROUTE_UNKNOWN' } }],
    }))

  it('an observed gate that admits proves nothing', () =>
    expect(runGates([observed(yes('a'))], {})).toMatchObject({ outcome: 'admit', passed: [] }))

  it.each([
    ['enforced', enforced(broken)],
    ['observed', observed(broken)],
  ])('a gate that throws admits nobody: %s', (_name, placed) =>
    expect(runGates([placed], {})).toMatchObject({
      outcome: 'refuse',
      gate: 'broken',
      refusal: { code: 'INTERNAL_ERROR' },
    }),
  )
})
