// `hubgate anchor rehearse` as a program: what it says of the clients in the book, and its exit code. Which client would be
// admitted by what is in test/tls/rehearsal.test.ts.
import { mkdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { X509Certificate } from 'node:crypto'
import { metaShaped, selfSigned } from '../../src/lab/pki/authorities.ts'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { anchorOf } from '../../src/tls/anchors.ts'
import { ClientBook, type Sighting } from '../../src/tls/client-book.ts'
import { readLeaf } from '../../src/tls/read-leaf.ts'
import type { Place } from './allowlist-place.ts'
import { placeWith, program } from './anchor-place.ts'

const old = metaShaped('p-256')
const next = metaShaped('p-256')
const OLD = anchorOf(new X509Certificate(old.root.certificate), 'old')

/** With the anchor old.pem configured, next.pem beside it, and a book of these clients. */
function place(clients: readonly (Pick<Sighting, 'verdict' | 'code'> & { readonly leaf: Issued })[]): Place {
  const made = placeWith(['{ name: old, file: old.pem }'])
  made.write('old.pem', old.root.certificate)
  made.write('next.pem', next.root.certificate)
  mkdirSync(made.path('data'))
  const book = new ClientBook()
  for (const [i, { leaf: issued, verdict, code }] of clients.entries()) {
    const leaf = readLeaf(issued.der)
    if (leaf === 'unreadable') throw new Error('unreadable')
    const anchors = verdict === 'admitted' ? [OLD] : []
    const at = new Date(Date.parse('2026-11-20T00:00:00Z') + i * 60_000)
    book.saw({ leaf, chain: [{ raw: issued.der }], verdict, code, anchors }, at)
  }
  made.write('data/clients.json', book.toText())
  return made
}

const admitted = (leaf: Issued) => ({ leaf, verdict: 'admitted', code: undefined }) as const
const refused = (leaf: Issued, code: Sighting['code'] = 'CERTIFICATE_UNTRUSTED') =>
  ({ leaf, verdict: 'refused', code }) as const

const clients = () => [
  refused(selfSigned().leaf),
  refused(next.client().leaf),
  refused(next.client({ commonNames: ['evil\u202e.example'] }).leaf, 'COMMON_NAME_MISMATCH'),
  admitted(old.client().leaf),
  admitted(old.client().leaf),
]

describe('hubgate anchor rehearse', () => {
  it('ends with 3 where clients that are admitted today would be refused, newest first', async () => {
    const { code, out } = await program(place(clients()), 'rehearse', 'next.pem')
    expect(code).toBe(3)
    const parts = out.trimEnd().split('\n\n')
    expect(parts.map((part) => part.split('\n').slice(-2))).toEqual([
      [expect.stringMatching(/^Under lab-outbound-api-ca-2025-12:$/)],
      [
        '  now     admitted by old',
        expect.stringMatching(/^ {2}then {4}refused: its chain ends in "old", which is not among them$/),
      ],
      ['  now     admitted by old', expect.stringMatching(/^ {2}then {4}refused: its chain ends in "old"/)],
      [
        '  now     refused: COMMON_NAME_MISMATCH',
        expect.stringMatching(/^ {2}then {4}refused: COMMON_NAME_MISMATCH, whatever its anchor: /),
      ],
      [
        '  now     refused: CERTIFICATE_UNTRUSTED',
        expect.stringMatching(/^ {2}then {4}admitted by lab-outbound-api-ca-2025-12: its chain ends there$/),
      ],
      [
        '  now     refused: CERTIFICATE_UNTRUSTED',
        expect.stringMatching(/^ {2}then {4}refused: its chain ends in a root that is not among them$/),
      ],
      ['2 of 2 clients that are admitted today would be refused. 1 refused today would be admitted.'],
    ])
    expect(out).not.toContain('\u202e')
  })

  it('--keep tries them beside the active ones: ends with 0 where all stay', async () => {
    const { code, out } = await program(place(clients()), 'rehearse', 'next.pem', '--keep')
    expect(out).toContain('None of 2 clients that are admitted today would be refused. 1 refused')
    expect(code).toBe(0)
  })

  it('--json says the same for programs', async () => {
    const { code, out } = await program(place(clients()), 'rehearse', 'next.pem', '--json')
    expect(code).toBe(3)
    expect(JSON.parse(out)).toMatchObject({
      anchors: [{ name: 'lab-outbound-api-ca-2025-12', fingerprint: expect.any(String) }],
      clients: [
        {
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
          lastSeen: '2026-11-20T00:04:00.000Z',
          times: 1,
          isAdmitted: true,
          today: 'admitted by old',
          rehearsed: { outcome: 'refused', anchors: [] },
        },
        { isAdmitted: true },
        { isAdmitted: false, rehearsed: { outcome: 'refused' } },
        { isAdmitted: false, rehearsed: { outcome: 'admitted' } },
        { isAdmitted: false },
      ],
      summary: { clients: 5, admittedToday: 2, wouldBeRefused: 2, cannotBeTold: 0, newlyAdmitted: 1 },
    })
  })

  it('one that was revoked, or is expired by now, is no loss', async () => {
    const past = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2020-02-01T00:00:00Z') }
    const made = place([admitted(old.client(past).leaf), refused(old.client().leaf, 'CERTIFICATE_REVOKED')])
    const { code, out } = await program(made, 'rehearse', 'old.pem')
    expect(out).toContain('then    refused: CERTIFICATE_REVOKED, whatever its anchor')
    expect(out).toContain('now     refused: CERTIFICATE_EXPIRED since it was seen')
    expect(out).toContain('None of 0 clients')
    expect(code).toBe(0)
  })

  it('says so where nobody was seen yet', async () => {
    const none = place([])
    const { code, out } = await program(none, 'rehearse', 'next.pem')
    expect(out).toContain('Nothing to rehearse with')
    expect(code).toBe(3)
  })

  it('says so where the book is damaged, or a file is no anchor', async () => {
    const made = place([])
    const noAnchor = await program(made, 'rehearse', 'hubgate.yaml')
    expect(noAnchor).toMatchObject({ code: 3, err: expect.stringContaining('hubgate.yaml: ') })
    made.write('data/clients.json', '{"version":1')
    const damaged = await program(made, 'rehearse', 'next.pem')
    expect(damaged).toMatchObject({ code: 1, err: expect.stringContaining('clients.json is damaged') })
  })
})
