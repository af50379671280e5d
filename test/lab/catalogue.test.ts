// The catalogue as a whole: names that are unique, gates and codes that exist, payloads that are what they say.
import { describe, expect, it } from 'vitest'
import { REFUSALS } from '../../src/domain/refusals.ts'
import { ATTACKS } from '../../src/lab/attacks.ts'
import { GOOD_CASES } from '../../src/lab/deliveries.ts'
import { PAYLOADS, payloadNamed } from '../../src/lab/payloads.ts'

const GATES = [
  'source',
  'connection-limit',
  'certificate',
  'common-name',
  'head-size',
  'framing',
  'route',
  'method',
  'expectation',
  'length',
  'media-type',
  'verify-token',
  'signature',
]

describe('the catalogue of attacks', () => {
  it('names every case once, good ones included', () => {
    const names = [...ATTACKS, ...GOOD_CASES].map(({ id }) => id)
    expect(new Set(names).size).toBe(names.length)
  })

  it('has a case for every gate', () => {
    for (const gate of GATES)
      expect(
        ATTACKS.some((attack) => attack.gate === gate),
        gate,
      ).toBe(true)
  })

  it('expects the status that the refusal table gives', () => {
    for (const {
      id,
      expect: { code, status, ends },
    } of ATTACKS) {
      const row = REFUSALS[code]
      if (ends === 'answer') expect('status' in row ? row.status : undefined, id).toBe(status)
      else if (code !== 'CLIENT_ABORTED') expect('socket' in row ? row.socket : undefined, id).toBe(ends)
    }
  })
})

describe('the payloads', () => {
  it('cover every product', () => {
    const kinds = new Set(PAYLOADS.map(({ kind }) => kind))
    for (const product of [
      'WhatsApp',
      'Messenger',
      'Instagram',
      'Pages',
      'leads',
      'ads',
      'payments',
      'certificate transparency',
      'Threads',
    ])
      expect(kinds).toContain(product)
  })

  it('are JSON with an object, or flat for Threads, where they are a product', () => {
    for (const { name, kind, bytes } of PAYLOADS.filter(({ kind }) => kind !== 'bytes')) {
      const parsed: unknown = JSON.parse(bytes().toString())
      expect(parsed, name).toHaveProperty(kind === 'Threads' ? 'topic' : 'object')
    }
  })

  it('have the sizes and oddities they are named for', () => {
    const text = (name: string) => payloadNamed(name)?.bytes().toString('latin1') ?? ''
    expect(text('three-megabytes').length).toBe(3_000_000)
    expect(text('batch').match(/"field":"messages"/g)).toHaveLength(1000)
    expect(text('escapes')).toContain(String.raw`\/`)
    expect(text('escapes')).toContain(String.raw`\u00fc`)
    expect(text('large-ids')).toContain('9007199254740993')
    expect(text('byte-order-mark').startsWith('\xef\xbb\xbf')).toBe(true)
    expect(text('broken-text')).toContain('\xed\xa0\x80')
    expect(() => JSON.parse(text('invalid-json'))).toThrow()
  })
})
