// A rehearsal with other anchors: who would be admitted or refused, and what cannot be told because it was not seen.
import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digicertShaped, metaShaped } from '../../src/lab/pki/authorities.ts'
import { type Issued, issue } from '../../src/lab/pki/certificate.ts'
import { type Anchor, anchorOf } from '../../src/tls/anchors.ts'
import { ClientBook, type SeenClient } from '../../src/tls/client-book.ts'
import { readLeaf } from '../../src/tls/read-leaf.ts'
import { type RehearsalTerms, rehearse } from '../../src/tls/rehearsal.ts'
import { FAR_AHEAD, LONG_AGO, TOMORROW, YESTERDAY, below, root } from './cases/case.ts'

const NOW = new Date()
const meta = metaShaped()
const digicert = digicertShaped()
const [intermediate = digicert.root] = digicert.intermediates
const other = root('Lab Other Root')
const twin = issue({
  subject: meta.root.subject,
  authority: { pathLength: 0 },
  extendedKeyUsage: ['clientAuth'],
})
const again = (from: Issued, change: object) =>
  issue({ key: from.keyPair, subject: from.subject, authority: {}, ...change })

const named = (name: string, { certificate }: Issued): Anchor =>
  anchorOf(new X509Certificate(certificate), name)

const META = named('meta', meta.root)
const DIGICERT = named('digicert', digicert.root)
const INTERMEDIATE = named('intermediate', intermediate)
const OTHER = named('other', other)

interface Seen {
  readonly leaf: Issued
  /** That Node showed. */
  readonly above?: readonly Issued[]
  readonly by?: readonly Anchor[]
  readonly large?: true
}

function seen({ leaf, above = [], by = [], large }: Seen): SeenClient {
  const facts = readLeaf(leaf.der)
  if (facts === 'unreadable') throw new Error('unreadable')
  const book = new ClientBook()
  const chain = [{ raw: large ? Buffer.alloc(20_000) : leaf.der }, ...above.map(({ der }) => ({ raw: der }))]
  const verdict = by.length === 0 ? 'refused' : 'admitted'
  const code = by.length === 0 ? 'CERTIFICATE_UNTRUSTED' : undefined
  book.saw({ leaf: facts, chain, verdict, code, anchors: by }, NOW)
  const [client] = book.clients
  if (client === undefined) throw new Error('not seen')
  return client
}

const direct = meta.client().leaf
const deep = digicert.client().leaf
const deeper = below(intermediate, 'Lab Too Deep')

interface Row extends Seen {
  readonly name: string
  readonly tried: readonly Anchor[]
  readonly terms?: Partial<RehearsalTerms>
  readonly outcome: string
  readonly detail: RegExp
}

const ROWS: readonly Row[] = [
  {
    name: 'one whose issuer is among them is admitted',
    leaf: direct,
    tried: [OTHER, META],
    outcome: 'admitted by meta',
    detail: /ends there/,
  },
  {
    name: 'one whose issuer is a configured anchor that is not among them is refused',
    leaf: direct,
    by: [META],
    tried: [OTHER],
    outcome: 'refused',
    detail: /ends in "meta", which is not among them/,
  },
  {
    name: 'another root of the same name did not issue it',
    leaf: direct,
    by: [META],
    tried: [named('twin', twin)],
    outcome: 'refused',
    detail: /ends in "meta"/,
  },
  {
    name: 'an intermediate as an anchor admits what it issued',
    leaf: deep,
    tried: [INTERMEDIATE],
    outcome: 'admitted by intermediate',
    detail: /ends there/,
  },
  {
    name: 'with the intermediate that was seen, its root admits',
    leaf: deep,
    above: [intermediate],
    tried: [DIGICERT],
    outcome: 'admitted by digicert',
    detail: /ends there/,
  },
  {
    name: 'with it, its root is known to be missing',
    leaf: deep,
    above: [intermediate],
    by: [DIGICERT],
    tried: [OTHER],
    outcome: 'refused',
    detail: /ends in "digicert"/,
  },
  {
    name: 'without it, a root that may stand above cannot be told',
    leaf: deep,
    tried: [DIGICERT],
    outcome: 'unknown',
    detail: /^cannot be told: its intermediate was not seen$/,
  },
  {
    name: 'nor can another root',
    leaf: deep,
    by: [DIGICERT],
    tried: [OTHER],
    outcome: 'unknown',
    detail: /its intermediate was not seen/,
  },
  {
    name: 'but one that lets no intermediate stand below it can',
    leaf: deep,
    by: [DIGICERT],
    tried: [META],
    outcome: 'refused',
    detail: /none of them issued it/,
  },
  {
    name: 'and where the depth leaves no room for one',
    leaf: deep,
    tried: [DIGICERT],
    terms: { maxDepth: 1 },
    outcome: 'refused',
    detail: /none of them issued it/,
  },
  {
    name: 'without it, the anchor that admitted it admits it again',
    leaf: deep,
    by: [DIGICERT],
    tried: [META, DIGICERT],
    outcome: 'admitted by digicert',
    detail: /as today/,
  },
  {
    name: 'where one of two possible ones goes, it cannot be told',
    leaf: deep,
    by: [DIGICERT, OTHER],
    tried: [OTHER],
    outcome: 'unknown',
    detail: /its intermediate was not seen/,
  },
  {
    name: 'nor where that one goes and comes back under its name with another key',
    leaf: deep,
    by: [DIGICERT],
    tried: [named('digicert', root('Lab High Assurance EV Root CA'))],
    outcome: 'unknown',
    detail: /its intermediate was not seen/,
  },
  {
    name: 'one that is its own root is refused',
    leaf: issue({ subject: [{ type: 'CN', value: 'self' }] }),
    tried: [DIGICERT],
    outcome: 'refused',
    detail: /ends in a root that is not among them/,
  },
  {
    name: 'an expired anchor admits nobody',
    leaf: direct,
    tried: [named('old', again(meta.root, { notBefore: LONG_AGO, notAfter: YESTERDAY }))],
    outcome: 'refused',
    detail: /anchor "old" is not valid today/,
  },
  {
    name: 'nor does one that is not valid yet',
    leaf: direct,
    tried: [named('new', again(meta.root, { notBefore: TOMORROW, notAfter: FAR_AHEAD }))],
    outcome: 'refused',
    detail: /anchor "new" is not valid today/,
  },
  {
    name: 'nor one for servers only',
    leaf: direct,
    tried: [named('servers', again(meta.root, { extendedKeyUsage: ['serverAuth'] }))],
    outcome: 'refused',
    detail: /not for certificates of clients/,
  },
  {
    name: 'a renewed anchor with the same key admits',
    leaf: direct,
    by: [META],
    tried: [named('renewed', again(meta.root, { notAfter: FAR_AHEAD }))],
    outcome: 'admitted by renewed',
    detail: /ends there/,
  },
  {
    name: 'an expired leaf is refused under its own anchor',
    leaf: meta.client({ notBefore: LONG_AGO, notAfter: YESTERDAY }).leaf,
    by: [META],
    tried: [META],
    outcome: 'refused',
    detail: /is not valid today/,
  },
  {
    name: 'more intermediates than the anchor lets stand below it',
    leaf: below(deeper, 'Lab Leaf', { authority: 'omit' }),
    above: [deeper, intermediate],
    tried: [INTERMEDIATE],
    outcome: 'refused',
    detail: /lets 0 intermediates stand below it, not 1/,
  },
  {
    name: 'a chain longer than client.maxDepth',
    leaf: deep,
    above: [intermediate],
    tried: [DIGICERT],
    terms: { maxDepth: 1 },
    outcome: 'refused',
    detail: /longer than client\.maxDepth/,
  },
  {
    name: 'one whose bytes were not kept',
    leaf: direct,
    by: [META],
    large: true,
    tried: [META],
    outcome: 'unknown',
    detail: /the certificate itself was not kept/,
  },
]

describe('rehearse', () => {
  it.each(ROWS)('$name', ({ tried, terms = {}, outcome, detail, ...client }) => {
    const others = [META, DIGICERT]
    const played = rehearse(seen(client), { anchors: tried, others, now: NOW, maxDepth: 3, ...terms })
    const by = played.anchors.length === 0 ? '' : ` by ${played.anchors.join(', ')}`
    expect(`${played.outcome}${by}`, played.detail).toBe(outcome)
    expect(played.detail).toMatch(detail)
  })
})
