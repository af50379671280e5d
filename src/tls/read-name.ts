// Reads a distinguished name (RFC 5280 §4.1.2.4) attribute by attribute, and shows one in a line for records.
import type { Leaf } from '../domain/leaf.ts'
import { type DerReader, type Element, TAG, readOid, readText } from './der.ts'

const OID_COMMON_NAME = '2.5.4.3'

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

/** X.680 §41: the types a name may be written in, and some it may not. */
const STRING_TYPES: ReadonlyMap<number, string> = new Map([
  [TAG.utf8String, 'UTF8String'],
  [TAG.printableString, 'PrintableString'],
  [TAG.teletexString, 'TeletexString'],
  [TAG.ia5String, 'IA5String'],
  [TAG.bmpString, 'BMPString'],
  [0x12, 'NumericString'],
  [0x1a, 'VisibleString'],
  [0x1b, 'GeneralString'],
  [0x1c, 'UniversalString'],
])

export interface Attribute {
  readonly oid: string
  /** Undefined where the bytes are no plain text. */
  readonly text: string | undefined
  /** The name of its ASN.1 string type. */
  readonly type: string
}

/** Every attribute of every RDN, those of a multi-valued RDN one after another. */
export function readName(name: DerReader): readonly Attribute[] {
  const attributes: Attribute[] = []
  while (!name.done) {
    const rdn = name.inside(TAG.set)
    while (!rdn.done) {
      const attribute = rdn.inside(TAG.sequence)
      const oid = readOid(attribute.next(TAG.oid))
      attributes.push({ oid, ...readValue(attribute.next()) })
      attribute.end()
    }
  }
  return attributes
}

function readValue(value: Element): Pick<Attribute, 'text' | 'type'> {
  const type = STRING_TYPES.get(value.tag) ?? `value of ASN.1 type ${value.tag}`
  const text = readText(value)
  const isMalformed =
    text === undefined && (value.tag === TAG.utf8String || value.tag === TAG.printableString)
  return { text, type: isMalformed ? `malformed ${type}` : type }
}

export function commonNamesOf(name: readonly Attribute[]): Pick<Leaf, 'commonNames' | 'commonNameTypes'> {
  const found = name.filter(({ oid }) => oid === OID_COMMON_NAME)
  return {
    commonNames: found.map(({ text }) => text ?? '\u{fffd}'),
    commonNameTypes: found.map(({ type }) => type),
  }
}

/** For records: separators within a value are escaped (RFC 4514 §2.4), so that a value cannot pose as an attribute. */
export function showName(name: readonly Attribute[]): string {
  const shown = name.map(({ oid, text }) => {
    const value = (text ?? '?').replace(/[\\,+"<>;=#]/g, (character) => `\\${character}`)
    return `${SHORT_NAMES[oid] ?? oid}=${value}`
  })
  return shown.join(', ')
}
