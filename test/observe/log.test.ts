// What stands in the log: the names of the contract, nothing that could act on a reader, and nothing that is secret.
import { describe, expect, it } from 'vitest'
import { cut, escapedJson, visible } from '../../src/observe/text.ts'
import { CANARY_MARK } from '../canary.ts'
import { WIRE, delivered, observed, record, refusedConnection } from './records.ts'

describe('a record in JSON', () => {
  it('has the names of the contract', () => {
    const { observer, values } = observed()
    const trace = '0af7651916cd43dd8448eb211c80319c'
    record(observer, delivered({ trace, secret: 1 }))
    expect(values()).toEqual([
      {
        time: '2026-11-21T10:00:00.000Z',
        level: 'info',
        'event.name': 'hubgate.request',
        'hubgate.outcome': 'acknowledged',
        'hubgate.phase': 'done',
        'hubgate.detail': 'upstream answered 200',
        'hubgate.request.id': '5f0c1d2e-0000-4000-8000-000000000001',
        'hubgate.connection.id': 'c-1',
        'network.peer.address': '31.13.64.1',
        'network.peer.port': 40_001,
        'client.address': '31.13.64.1',
        'hubgate.front': 'direct',
        'hubgate.prefix': '31.13.64.0/18',
        'tls.client.subject': 'CN=client.webhooks.fbclientcerts.com',
        'tls.client.hash.sha256': 'AB'.repeat(32),
        'hubgate.anchor': 'meta-2025-12',
        'http.request.method': 'POST',
        'http.route': '/webhooks/meta',
        'http.response.status_code': 200,
        'hubgate.app': 'shop',
        'hubgate.secret': 2,
        'hubgate.body.bytes': 1_500,
        'hubgate.gateway.ms': 0.432,
        'hubgate.upstream.ms': 12.5,
        trace_id: trace,
      },
    ])
  })

  it('of a connection names no request', () => {
    const { observer, values } = observed()
    record(observer, refusedConnection())
    expect(values()[0]).toMatchObject({
      level: 'warn',
      'event.name': 'hubgate.connection',
      'error.type': 'SOURCE_NOT_ALLOWED',
      'hubgate.gate': 'source',
    })
    expect(values()[0]).not.toHaveProperty('hubgate.request.id')
  })

  it('shows the admitted address beside the peer where a front names it', () => {
    const { observer, values } = observed()
    record(observer, delivered({ peer: '10.0.0.1', client: '31.13.64.9' }))
    expect(values()[0]).toMatchObject({ 'network.peer.address': '10.0.0.1', 'client.address': '31.13.64.9' })
  })

  it('keeps what observing gates would have refused', () => {
    const { observer, values } = observed()
    record(
      observer,
      delivered({ observed: [{ gate: 'certificate', code: 'CERTIFICATE_MISSING', detail: 'none' }] }),
    )
    expect(values()[0]).toMatchObject({
      'hubgate.observed': [{ gate: 'certificate', code: 'CERTIFICATE_MISSING', detail: 'none' }],
    })
  })

  it('leaves out every field that nobody named', () => {
    const { observer, lines } = observed()
    const smuggled = {
      ...delivered(),
      body: CANARY_MARK,
      secretValue: CANARY_MARK,
      headers: { cookie: CANARY_MARK },
    }
    record(observer, smuggled)
    expect(lines.join('')).not.toContain(CANARY_MARK)
  })

  it.each([
    ['detail', { detail: WIRE }],
    ['method', { method: WIRE }],
    ['peer', { peer: WIRE }],
    [
      'observed detail',
      { observed: [{ gate: 'source', code: 'SOURCE_NOT_ALLOWED', detail: WIRE } as const] },
    ],
  ])('the wire in %s is one line without a character that acts', (_name, change) => {
    const { observer, lines, values } = observed()
    record(observer, delivered(change))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/)
    expect(JSON.stringify(values()[0])).toContain('\\u001b[31m\\r\\nb')
  })

  it('cuts what is long', () => {
    const { observer, lines } = observed()
    record(observer, delivered({ detail: 'x'.repeat(100_000), method: 'M'.repeat(10_000) }))
    expect(lines[0]?.length).toBeLessThan(1_500)
  })
})

describe('levels', () => {
  it.each([
    [{}, 'info'],
    [{ outcome: 'answered' }, 'info'],
    [{ outcome: 'aborted', code: 'CLIENT_ABORTED' }, 'info'],
    [{ outcome: 'refused', code: 'SIGNATURE_MISMATCH' }, 'warn'],
    [{ outcome: 'refused', code: 'INTERNAL_ERROR' }, 'error'],
  ] as const)('%j is %s', (change, level) => {
    const { observer, values } = observed()
    record(observer, delivered(change))
    expect(values()[0]).toMatchObject({ level })
  })

  it('`warn` leaves out deliveries and keeps refusals', () => {
    const { observer, values } = observed({ level: 'warn' })
    record(observer, delivered())
    record(observer, delivered({ outcome: 'refused', code: 'SIGNATURE_MISMATCH' }))
    expect(values()).toHaveLength(1)
  })
})

describe('lifecycle lines', () => {
  it('say where it listens', () => {
    const { observer, values } = observed()
    observer.started([{ address: '::', family: 'IPv6', port: 8443 }, '/run/hubgate.sock'])
    expect(values()[0]).toMatchObject({
      'event.name': 'hubgate.started',
      msg: 'listening on [::]:8443, unix:/run/hubgate.sock',
      'server.address': ['[::]:8443', 'unix:/run/hubgate.sock'],
    })
  })

  it('say what a reload changed, or why it changed nothing', () => {
    const { observer, values } = observed()
    observer.reloaded({ outcome: 'reloaded', generation: 2, closed: 1, changes: ['routes'] })
    observer.reloaded({
      outcome: 'refused',
      problems: [{ setting: 'tls.key', message: 'does not fit', hint: 'both' }],
    })
    expect(values()).toMatchObject([
      {
        level: 'info',
        'event.name': 'hubgate.config.reloaded',
        'hubgate.generation': 2,
        'hubgate.changes': ['routes'],
      },
      {
        level: 'error',
        'event.name': 'hubgate.config.refused',
        'hubgate.problems': ['tls.key does not fit — both'],
      },
    ])
  })

  it('hold a fault of any kind, on one line', () => {
    const { observer, lines, values } = observed()
    observer.fault(new TypeError(WIRE))
    observer.fault(`a string ${CANARY_MARK}`)
    expect(lines.every((line) => /^[\x20-\x7e]+\n$/.test(line))).toBe(true)
    expect(values()[0]).toMatchObject({
      level: 'error',
      'event.name': 'hubgate.fault',
      'error.type': 'TypeError',
    })
    expect(lines.join('')).not.toContain(CANARY_MARK)
  })
})

describe('pretty lines', () => {
  const ESC = String.fromCharCode(27)

  it('are one line each and say what happened', () => {
    const { observer, lines } = observed({ format: 'pretty' })
    record(observer, delivered())
    record(observer, refusedConnection())
    observer.warn('config.warning', { setting: 'sources', message: 'is old', hint: 'refresh it' })
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.000 ✓ POST \/webhooks\/meta 200 acknowledged .*app shop.*upstream 12\.5 ms.*\n$/,
    )
    expect(lines[1]).toMatch(/✗ connection refused SOURCE_NOT_ALLOWED \(source\) in none of the 2 prefixes/)
    expect(lines[2]).toMatch(/ warn sources is old — refresh it/)
  })

  it.each([true, false])('the wire acts on no terminal, colours or not: %s', (colours) => {
    const { observer, lines } = observed({ format: 'pretty', colours })
    record(observer, delivered({ detail: WIRE, method: WIRE, outcome: 'refused', code: 'FRAMING_INVALID' }))
    observer.fault(new Error(WIRE))
    const own = new RegExp(`${ESC}\\[\\d{1,2}m`, 'g')
    const bare = lines.map((line) => line.replace(own, '').trimEnd())
    expect(bare.filter((line) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(line))).toEqual([])
    expect(bare[0]).toContain('\\u{1b}[31m\\u{d}\\u{a}')
    expect(lines.join('').includes(ESC)).toBe(colours)
  })
})

describe('text', () => {
  it('is cut outside of characters', () => {
    expect(cut('abc', 3)).toBe('abc')
    expect(cut('abcd', 3)).toBe('abc…')
    expect(cut(`ab${String.fromCodePoint(0x1f600)}`, 3)).toBe('ab…')
  })

  it('is visible as a whole', () => {
    expect(visible('plain é ✓')).toBe('plain é ✓')
    expect(visible(WIRE)).toBe(
      'a\\u{1b}[31m\\u{d}\\u{a}b\\u{0}\\u{85}\\u{9b}\\u{2028}\\u{202e}\\u{200b}\\u{d800}c',
    )
    expect(visible(String.fromCodePoint(0xe0041))).toBe('\\u{e0041}')
  })

  it('stays the same JSON', () => {
    const value = { text: `${WIRE}é${String.fromCodePoint(0xe0041)}` }
    const line = escapedJson(JSON.stringify(value))
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    expect(JSON.parse(line)).toEqual(value)
  })
})
