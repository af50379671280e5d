// How many intermediates may stand below a CA certificate, and the same certificate with fewer of them. Whoever trusts an
// anchor may constrain it further (RFC 5937 §3): Node has no setting for the depth of a chain and from 24 on does not
// show the chain either, and OpenSSL checks no anchor's signature over itself, so a constrained copy does it.
import { DerReader, type Element, TAG, encode, readOid, readOnly } from './der.ts'

const OID_BASIC_CONSTRAINTS = '2.5.29.19'
const EXTENSIONS = 0xa3

/** Undefined where it does not say, or where the bytes cannot be read. */
export function readPathLength(der: Uint8Array): number | undefined {
  try {
    const extension = read(der).extensions.find(({ oid }) => oid === OID_BASIC_CONSTRAINTS)
    if (extension === undefined) return undefined
    const constraints = new DerReader(readOnly(extension.value, TAG.sequence).content)
    constraints.optional(TAG.boolean)
    const number = constraints.optional(TAG.integer)?.content
    return number === undefined ? undefined : Number.parseInt(Buffer.from(number).toString('hex'), 16)
  } catch {
    return undefined
  }
}

/**
 * @param der a CA certificate. @param most 0 to 127.
 * @returns it as it is where its own path length is no longer; else a copy with that one, whose signature is void.
 * @throws DerError where the bytes are not one well-formed certificate.
 */
export function withPathLength(der: Uint8Array, most: number): Uint8Array {
  const own = readPathLength(der)
  if (own !== undefined && own <= most) return der
  const { before, extensions, after } = read(der)
  const changed = extensions.map(({ oid, whole }) =>
    oid === OID_BASIC_CONSTRAINTS ? limitedTo(most) : whole,
  )
  const tbs = encode(TAG.sequence, ...before, encode(EXTENSIONS, encode(TAG.sequence, ...changed)))
  return encode(TAG.sequence, tbs, ...after)
}

interface Parts {
  /** Of the part that is signed, what stands before its extensions. */
  readonly before: readonly Uint8Array[]
  readonly extensions: readonly {
    readonly oid: string
    readonly value: Uint8Array
    readonly whole: Uint8Array
  }[]
  /** Algorithm and signature. */
  readonly after: readonly Uint8Array[]
}

function read(der: Uint8Array): Parts {
  const [tbs, ...after] = elementsOf(readOnly(der, TAG.sequence).content)
  const fields = elementsOf(tbs?.content ?? new Uint8Array())
  const list = fields
    .filter(({ tag }) => tag === EXTENSIONS)
    .map(({ content }) => readOnly(content, TAG.sequence))
  return {
    before: fields.filter(({ tag }) => tag !== EXTENSIONS).map(({ whole }) => whole),
    extensions: list.flatMap(({ content }) => elementsOf(content)).map(readExtension),
    after: after.map(({ whole }) => whole),
  }
}

function readExtension({ content, whole }: Element) {
  const extension = new DerReader(content)
  const oid = readOid(extension.next(TAG.oid))
  extension.optional(TAG.boolean)
  return { oid, value: extension.next(TAG.octetString).content, whole }
}

function elementsOf(bytes: Uint8Array): Element[] {
  const reader = new DerReader(bytes)
  const elements: Element[] = []
  while (!reader.done) elements.push(reader.next())
  return elements
}

// basicConstraints, critical: a certificate authority, with at most so many below it (RFC 5280 §4.2.1.9).
function limitedTo(most: number): Uint8Array {
  const yes = encode(TAG.boolean, Uint8Array.of(0xff))
  const constraints = encode(TAG.sequence, yes, encode(TAG.integer, Uint8Array.of(most)))
  const oid = encode(TAG.oid, Uint8Array.of(0x55, 0x1d, 0x13))
  return encode(TAG.sequence, oid, yes, encode(TAG.octetString, constraints))
}
