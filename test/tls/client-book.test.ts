// The book of clients seen: bounded whatever comes, kept as text and read back, and strangers push nobody out of it.
import { describe, expect, it } from 'vitest'
import { digicertShaped, metaShaped } from '../../src/lab/pki/authorities.ts'
import { ClientBook, MOST_ADMITTED, MOST_REFUSED, type Sighting } from '../../src/tls/client-book.ts'
import { readLeaf } from '../../src/tls/read-leaf.ts'
import { leaf } from '../gates/facts.ts'

const NOW = new Date('2026-11-21T08:00:00Z')
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)
const ANCHOR = { name: 'meta-2025-12', fingerprint: 'AA:BB' }

function sighting(fingerprint: string, change: Partial<Sighting> = {}): Sighting {
  const base = { leaf: leaf({ fingerprint }), chain: [{ raw: Buffer.from(fingerprint) }] }
  return { ...base, verdict: 'admitted', code: undefined, anchors: [ANCHOR], ...change }
}

const refused = { verdict: 'refused', code: 'CERTIFICATE_UNTRUSTED', anchors: [] } as const
const again = (book: ClientBook) => ClientBook.from(book.toText())
const fingerprints = (book: ClientBook) => book.clients.map(({ fingerprint }) => fingerprint)

describe('the book of clients', () => {
  it('keeps what it saw over writing and reading, the latest first', () => {
    const authority = digicertShaped()
    const { leaf: issued } = authority.client()
    const real = readLeaf(issued.der)
    if (real === 'unreadable') throw new Error('unreadable')
    const book = new ClientBook()
    const chain = [issued, ...authority.intermediates].map(({ der }) => ({ raw: der }))
    book.saw({ leaf: real, chain, verdict: 'admitted', code: undefined, anchors: [ANCHOR] }, NOW)
    book.saw(sighting('b', refused), later(1))
    book.saw({ leaf: real, chain, verdict: 'admitted', code: undefined, anchors: [ANCHOR] }, later(2))
    expect(again(book).clients).toEqual(book.clients)
    expect(again(book).clients).toMatchObject([
      {
        fingerprint: real.fingerprint,
        subject: real.subject,
        issuer: real.issuer,
        serial: real.serial,
        firstSeen: NOW,
        lastSeen: later(2),
        times: 2,
        verdict: 'admitted',
        anchors: [ANCHOR],
      },
      { fingerprint: 'b', times: 1, verdict: 'refused', code: 'CERTIFICATE_UNTRUSTED', anchors: [] },
    ])
    const [first] = again(book).clients
    expect(first?.certificate).toEqual(issued.der)
    expect(first?.intermediates).toEqual(authority.intermediates.map(({ der }) => der))
  })

  it('is bounded, and no number of strangers pushes out a client that was admitted', () => {
    const book = new ClientBook()
    book.saw(sighting('good'), NOW)
    for (let i = 0; i < 2_000; i++) book.saw(sighting(`stranger-${i}`, refused), later(i))
    expect(book.clients).toHaveLength(1 + MOST_REFUSED)
    expect(fingerprints(book)).toContain('good')
    expect(fingerprints(book)).toContain('stranger-1999')
    expect(fingerprints(book)).not.toContain('stranger-1899')
  })

  it('forgets of the admitted those who were not seen for longest', () => {
    const book = new ClientBook()
    for (let i = 0; i < MOST_ADMITTED; i++) book.saw(sighting(`client-${i}`), later(i))
    book.saw(sighting('client-0'), later(1_000))
    book.saw(sighting('one-more'), later(1_001))
    expect(book.clients).toHaveLength(MOST_ADMITTED)
    expect(fingerprints(book).slice(0, 2)).toEqual(['one-more', 'client-0'])
    expect(fingerprints(book)).not.toContain('client-1')
  })

  it('one that was admitted once stays among them when it is refused, with its last verdict', () => {
    const book = new ClientBook()
    book.saw(sighting('known'), NOW)
    book.saw(sighting('known', refused), later(1))
    for (let i = 0; i < MOST_REFUSED + 1; i++) book.saw(sighting(`stranger-${i}`, refused), later(2 + i))
    expect(again(book).clients.at(-1)).toMatchObject({ fingerprint: 'known', verdict: 'refused', times: 2 })
  })

  it('one that was refused first is among the admitted from its first admission on', () => {
    const book = new ClientBook()
    book.saw(sighting('new', refused), NOW)
    book.saw(sighting('new'), later(1))
    expect(book.clients).toMatchObject([{ verdict: 'admitted', code: undefined, times: 2, firstSeen: NOW }])
  })

  it('of what is too large it keeps the facts only', () => {
    const book = new ClientBook()
    const large = { raw: Buffer.alloc(16 * 1024 + 1) }
    const small = { raw: Buffer.from('small') }
    book.saw(sighting('large', { chain: [large] }), NOW)
    book.saw(sighting('large-above', { chain: [small, large] }), later(1))
    const names = leaf({ fingerprint: 'names', subject: 's'.repeat(5_000), issuer: '\ud800'.repeat(5_000) })
    book.saw(sighting('names', { leaf: names }), later(2))
    const [longNames, above, own] = again(book).clients
    expect(own?.certificate).toBeUndefined()
    expect(above).toMatchObject({ certificate: small.raw, intermediates: [] })
    expect(longNames?.subject).toHaveLength(512)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{"version":1,"admitted":['],
    ['another version', '{"version":2,"admitted":[],"refused":[]}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no shelf', '{"version":1,"admitted":[]}'],
    ['an entry that is none', '{"version":1,"admitted":[null],"refused":[]}'],
    ['an entry without a time', () => altered({ lastSeen: undefined })],
    ['a time that is none', () => altered({ lastSeen: 'yesterday' })],
    ['a verdict that is none', () => altered({ verdict: 'welcome' })],
    ['a count that is none', () => altered({ times: -1 })],
    ['anchors that are none', () => altered({ anchors: [{ name: 1 }] })],
  ] as const)('damaged, it is refused: %s', (_name, text) =>
    expect(() => ClientBook.from(typeof text === 'string' ? text : text())).toThrow(SyntaxError),
  )

  it('what stands in the file beyond its bounds is not taken over', () => {
    const book = new ClientBook()
    for (let i = 0; i < MOST_REFUSED; i++) book.saw(sighting(`stranger-${i}`, refused), later(i))
    const { version, admitted, refused: strangers } = JSON.parse(book.toText())
    const more = strangers.map((one: object, i: number) => ({ ...one, fingerprint: `more-${i}` }))
    const text = JSON.stringify({ version, admitted, refused: [...strangers, ...more] })
    expect(ClientBook.from(text).clients).toHaveLength(MOST_REFUSED)
  })
})

function altered(change: object): string {
  const book = new ClientBook()
  book.saw(sighting('one', { chain: [{ raw: metaShaped().root.der }] }), NOW)
  const { version, admitted } = JSON.parse(book.toText())
  return JSON.stringify({ version, admitted: [{ ...admitted[0], ...change }], refused: [] })
}
