// A head made ready once is, for all values, what the slow way makes: the same bytes, or the same refusal.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fields } from '../../src/domain/fields.ts'
import type { Route } from '../../src/domain/route.ts'
import { requestHead } from '../../src/upstream/request-head.ts'
import { type Vouched, sentFields, sentTarget } from '../../src/upstream/sent-fields.ts'
import { type HeadShape, SentHead } from '../../src/upstream/sent-head.ts'
import { routeTo } from '../support/route.ts'
import { END_TO_END, FORGED, HOP_BY_HOP, UNDERSCORED } from './field-names.ts'

const VARYING = [
  'content-length',
  'x-hub-signature',
  'x-hub-signature-256',
  'traceparent',
  'x-request-id',
  'hubgate-app',
]

const ROUTE = routeTo('http://internal.example:3000/hooks')
const VOUCHED: Vouched = {
  requestId: 'id-1',
  address: '31.13.64.1',
  verified: ['source', 'signature'],
  app: 'shop',
  leaf: new Uint8Array([0x30, 0x00, 0xff]),
}
const HOST = ['Host', 'gw.example']

/** What the slow way writes, or why not. */
function slowly(shape: HeadShape): string {
  const { method, target, route, received, vouched } = shape
  const fields = sentFields(received, route, vouched)
  return written(() => requestHead({ method, target, fields }))
}

function written(make: () => string): string {
  try {
    return make()
  } catch (error) {
    if (error instanceof TypeError) return 'refused'
    throw error
  }
}

/** The values that another request of the same shape has in the slots. */
function valuesFor(head: SentHead, { received, vouched }: HeadShape): string[] {
  const seen = new Map<string, number>()
  return head.slots.map((name) => {
    if (name === 'x-request-id') return vouched.requestId
    if (name === 'hubgate-app') return vouched.app ?? ''
    const index = seen.get(name) ?? 0
    seen.set(name, index + 1)
    return received.all(name)[index] ?? ''
  })
}

const cased = (name: string) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase())
const name = fc
  .constantFrom(
    ...FORGED,
    ...END_TO_END,
    ...UNDERSCORED,
    ...HOP_BY_HOP,
    'Accept',
    'X-Drop',
    ...VARYING,
    ...VARYING,
  )
  .chain(cased)
const good = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
})
const value = fc.oneof(
  { weight: 30, arbitrary: good },
  {
    weight: 5,
    arbitrary: fc.constantFrom('', '\u00e9', 'a\tb', 'close, x-drop', 'X-Hub-Signature, traceparent'),
  },
)
const wild = fc.oneof(
  { weight: 40, arbitrary: value },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '\r\nX-B: c',
      'a\r',
      '\n',
      '\u0000',
      '\u007f',
      '\u0100',
      '\u010d\u010a',
      '\u0141',
    ),
  },
)
const fields = fc.array(fc.tuple(name, value, wild), { maxLength: 12 })
const ours = fc.record({
  requestId: wild,
  app: fc.option(wild, { nil: undefined }),
})
const shape = fc.record({
  host: fc.constantFrom<Route['host']>('received', 'upstream'),
  clientCert: fc.boolean(),
  query: fc.constantFrom('', 'a=%0d', 'a b', '?'),
  verified: fc.subarray(['source', 'certificate', 'signature']),
  varying: fc.subarray(VARYING),
})

describe('a head made ready once', () => {
  it('is the same as one made for each request, for 25,000 pairs of a request and another with other values', () => {
    let [same, refused] = [0, 0]
    fc.assert(
      fc.property(shape, fields, ours, (made, all, { requestId, app }) => {
        const route = { ...ROUTE, host: made.host, clientCert: made.clientCert }
        const first: HeadShape = {
          method: 'POST',
          target: sentTarget(route, made.query),
          route,
          received: new Fields([...HOST, ...all.flatMap(([field, one]) => [field, one])]),
          vouched: { ...VOUCHED, verified: made.verified, app: app === undefined ? undefined : 'shop' },
          varying: made.varying,
        }
        // Another one: what may vary does, and only that.
        const changed = all.map(([field, one, other]) => [
          field,
          made.varying.includes(field.toLowerCase()) ? other : one,
        ])
        const varies = (field: string) => made.varying.includes(field)
        const another: HeadShape = {
          ...first,
          received: new Fields([...HOST, ...changed.flat()]),
          vouched: {
            ...first.vouched,
            requestId: varies('x-request-id') ? requestId : 'id-1',
            app: app !== undefined && varies('hubgate-app') ? app : first.vouched.app,
          },
        }
        const expected = slowly(another)
        const found = written(() => {
          const head = new SentHead(first)
          return head.text(valuesFor(head, another))
        })
        expect(found).toBe(expected)
        if (expected === 'refused') refused += 1
        else same += 1
      }),
      { numRuns: 25_000 },
    )
    expect(same).toBeGreaterThan(10_000)
    expect(refused).toBeGreaterThan(1_000)
  })

  const SHAPE: HeadShape = {
    method: 'POST',
    target: '/hooks',
    route: ROUTE,
    received: new Fields([...HOST, 'traceparent', '1', 'Content-Length', '2', 'TraceParent', '3']),
    vouched: VOUCHED,
    varying: VARYING,
  }

  it('names its slots in the order of the head', () => {
    const { slots } = new SentHead(SHAPE)
    expect(slots).toEqual(['traceparent', 'content-length', 'traceparent', 'x-request-id', 'hubgate-app'])
  })

  it('writes nothing where values are missing or too many', () => {
    const head = new SentHead(SHAPE)
    expect(() => head.text(['1', '2', '3', 'id'])).toThrow(TypeError)
    expect(() => head.text(['1', '2', '3', 'id', 'shop', 'more'])).toThrow(TypeError)
  })

  it.each(['host', 'connection', 'x-forwarded-host'])(
    'never varies in %s, on which others depend',
    (field) => {
      expect(() => new SentHead({ ...SHAPE, varying: [field] })).toThrow(TypeError)
    },
  )
})
