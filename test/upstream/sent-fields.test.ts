// The contract's §5: which fields the upstream gets, to the letter, for every way of forwarding. First the rule alone, then
// through the gateway to an upstream of bare sockets.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Fields } from '../../src/domain/fields.ts'
import type { Route } from '../../src/domain/route.ts'
import { type Vouched, assertsIdentity, sentFields, sentTarget } from '../../src/upstream/sent-fields.ts'
import { type RawUpstream, startRawUpstream, valuesOf } from '../support/raw-upstream.ts'
import { routeTo } from '../support/route.ts'
import { WAYS, expectQuiet, pathOf, startWorldOfWays } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'
import { END_TO_END, FORGED, HOP_BY_HOP, UNDERSCORED, USED_ELSEWHERE } from './field-names.ts'

const ROUTE = routeTo('http://internal.example:3000/hooks')
const VOUCHED: Vouched = {
  requestId: 'id-1',
  address: '31.13.64.1',
  verified: [],
  app: undefined,
  leaf: undefined,
}
const OURS = [
  'X-Forwarded-For',
  '31.13.64.1',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'gw.example',
  'X-Request-Id',
  'id-1',
]
const HOST = ['Host', 'gw.example']

function sent(
  received: readonly string[],
  route: Partial<Route> = {},
  vouched: Partial<Vouched> = {},
): string[] {
  return sentFields(new Fields([...HOST, ...received]), { ...ROUTE, ...route }, { ...VOUCHED, ...vouched })
}

const CASES = [
  (name: string) => name,
  (name: string) => name.toLowerCase(),
  (name: string) => name.toUpperCase(),
]

describe('the fields sent on', () => {
  it.each([...FORGED, ...USED_ELSEWHERE, ...UNDERSCORED, ...HOP_BY_HOP])(
    '%s from outside is gone, in any case and repeated',
    (name) => {
      for (const spelled of CASES) {
        const fields = [spelled(name), 'forged', 'X-Kept', '1', spelled(name), 'forged again']
        expect(sent(fields)).toEqual([...HOST, 'X-Kept', '1', ...OURS])
      }
    },
  )

  it.each(END_TO_END)('%s passes, in any case and repeated', (name) => {
    for (const spelled of CASES) {
      const fields = [spelled(name), 'one', 'X-Between', '', spelled(name), 'two']
      expect(assertsIdentity(name.toLowerCase())).toBe(false)
      expect(sent(fields)).toEqual([...HOST, ...fields, ...OURS])
    }
  })

  it('whoever sends ever new names changes nothing for the names that never pass', () => {
    for (let i = 0; i < 1_000; i += 1)
      expect(sent([`X-New-${i}`, '1', `X-Forwarded-${i}`, 'forged'])).toEqual([
        ...HOST,
        `X-New-${i}`,
        '1',
        ...OURS,
      ])
    expect(sent(['X-Forwarded-Late', 'forged', 'Hubgate-Late', 'forged', 'TE', 'trailers'])).toEqual([
      ...HOST,
      ...OURS,
    ])
  })

  it.each([
    ['one', ['Connection', 'X-Drop']],
    ['several, with spaces and empty members', ['Connection', 'close, ,x-drop ,X-DROP,']],
    ['a second Connection field', ['Connection', 'close', 'connection', 'X-Drop']],
  ])('what Connection names is gone: %s', (_name, connection) => {
    expect(sent(['X-Drop', '1', ...connection, 'x-drop', '2', 'X-Dropped', '3'])).toEqual([
      ...HOST,
      'X-Dropped',
      '3',
      ...OURS,
    ])
  })

  it('what Connection names of ours is sent all the same', () => {
    expect(
      sent(['Connection', 'X-Forwarded-For, X-Request-Id, Hubgate-Verified'], {}, { verified: ['source'] }),
    ).toEqual([...HOST, ...OURS, 'Hubgate-Verified', 'source'])
  })

  it.each([
    ['nothing', [], []],
    ['a subset', ['certificate'], ['Hubgate-Verified', 'certificate']],
    ['all', ['source', 'certificate', 'signature'], ['Hubgate-Verified', 'source, certificate, signature']],
  ])('Hubgate-Verified lists what was verified: %s', (_name, verified, added) => {
    expect(sent([], {}, { verified })).toEqual([...HOST, ...OURS, ...added])
  })

  it("Host becomes the upstream's where the route says so, in its place and spelling, and is told as X-Forwarded-Host", () => {
    const fields = sentFields(
      new Fields(['A', '1', 'hOST', 'gw.example', 'B', '2']),
      { ...ROUTE, host: 'upstream' },
      VOUCHED,
    )
    expect(fields).toEqual(['A', '1', 'hOST', 'internal.example:3000', 'B', '2', ...OURS])
  })

  it('Client-Cert is sent only where the route asks for it and a leaf is known', () => {
    const leaf = new Uint8Array([0x30, 0x00, 0xff])
    expect(sent([], { clientCert: true }, { leaf })).toEqual([...HOST, ...OURS, 'Client-Cert', ':MAD/:'])
    expect(sent([], { clientCert: true })).toEqual([...HOST, ...OURS])
    expect(sent([], {}, { leaf })).toEqual([...HOST, ...OURS])
  })

  it.each([
    ['', '/hooks'],
    ['a=1', '/hooks?a=1'],
    ['a=%2F//b&&c=?d=?', '/hooks?a=%2F//b&&c=?d=?'],
  ])('the query "%s" is appended as it came', (query, target) =>
    expect(sentTarget(ROUTE, query)).toBe(target),
  )
})

describe('through the gateway', () => {
  let upstream: RawUpstream
  let world: World
  beforeAll(async () => {
    upstream = await startRawUpstream()
    // Slashes, dots and a scheme in the path and the query: what joins and collapses would change them.
    world = await startWorldOfWays(`${upstream.url}/a//b/http:/c`)
  })
  afterEach(async () => {
    await expectQuiet(world, upstream)
    await upstream.reset()
  })
  afterAll(async () => {
    await world.end()
    await upstream.close()
  })

  const ADDED = [
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Request-Id',
    'Hubgate-Verified',
    'Hubgate-App',
  ]

  describe.each(WAYS)('%s', (way) => {
    it('sends fields in their order, spelling and repetition, the query as it came, the body byte for byte', async () => {
      const body = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x00, 0xff, 0x0d, 0x0a, 0x7d])
      const odd = [
        ['x-CUSTOM', 'one'],
        ['X-Other', ''],
        ['X-Custom', 'two; "q"'],
        ['x-custom', 'three'],
        ['X-Last', '\u00e9'],
      ] as const
      const target = `${pathOf(way)}?a=%2f//..//b&&c=?d=http://e?`
      const bytes = delivery({ path: pathOf(way), target, body, add: odd })
      const { answers } = await send(world, [bytes])
      expect(answers.map(({ status }) => status)).toEqual([200])
      const [request, ...others] = upstream.requests
      expect(others).toEqual([])
      expect(request?.line).toBe('POST /a//b/http:/c?a=%2f//..//b&&c=?d=http://e? HTTP/1.1')
      expect(request?.body).toEqual(body)
      const head = bytes.toString('latin1').split('\r\n\r\n')[0]?.split('\r\n').slice(1) ?? []
      const lines = request?.fields.map(([name, value]) => `${name}: ${value}`) ?? []
      expect(lines.slice(0, head.length)).toEqual(head)
      const added = way === 'unsigned' ? ADDED.slice(0, -1) : ADDED
      expect(request?.fields.slice(head.length).map(([name]) => name)).toEqual([...added, 'Connection'])
      expect(lines.at(-1)).toBe('Connection: keep-alive')
    })

    it('lets no forged, underscored or hop-by-hop field through', async () => {
      const names = [
        ...FORGED,
        ...UNDERSCORED,
        ...HOP_BY_HOP.filter((name) => !['Connection', 'Transfer-Encoding', 'Upgrade'].includes(name)),
      ]
      const add = names.flatMap(
        (name) =>
          [
            [name, 'forged'],
            [name.toLowerCase(), 'forged'],
          ] as const,
      )
      const { answers } = await send(world, [
        delivery({
          path: pathOf(way),
          add: [...add, ['X-Drop', 'forged'], ['Connection', 'close, x-drop'], ['traceparent', '00-1-2-3']],
        }),
      ])
      const [request] = upstream.requests
      if (request === undefined) throw new Error('nothing came')
      expect(upstream.bytes()).not.toContain('forged')
      expect(request.fields.filter(([name]) => name.includes('_') || /^x-drop$/i.test(name))).toEqual([])
      expect(valuesOf(request, 'traceparent')).toEqual(['00-1-2-3'])
      expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['https'])
      expect(valuesOf(request, 'x-forwarded-host')).toEqual(['gateway.example'])
      expect(valuesOf(request, 'x-request-id')).toEqual([answers[0]?.fields.only('x-request-id')])
      expect(valuesOf(request, 'hubgate-verified')).toEqual([
        way === 'unsigned' ? 'source, certificate' : 'source, certificate, signature',
      ])
      expect(valuesOf(request, 'hubgate-app')).toEqual(way === 'unsigned' ? [] : ['shop'])
      expect(valuesOf(request, 'client-cert')).toEqual([])
    })

    it.each([
      ['X-Hub-Signature-256'],
      ['x-hub-signature-256'],
      ['X-HUB-SIGNATURE'],
      ['Host'],
      ['content-type'],
      ['Content-Length'],
      ['Transfer-Encoding'],
      ['close, Host'],
      ['close,\tCONTENT-LENGTH ,'],
    ])('Connection: %s is refused, and nothing is sent', async (value) => {
      const { answers } = await send(world, [delivery({ path: pathOf(way), add: [['Connection', value]] })])
      expect(answers[0]?.status).toBe(400)
      expect(answers[0]?.body.toString()).toContain('FRAMING_INVALID')
      expect(upstream.connections).toBe(0)
    })

    it('answers Expect itself and keeps it', async () => {
      const { answers } = await send(world, [
        delivery({ path: pathOf(way), add: [['Expect', '100-continue']] }),
      ])
      expect(answers[0]).toMatchObject({ status: 200, interim: [100] })
      expect(upstream.bytes()).not.toMatch(/expect/i)
    })
  })
})
