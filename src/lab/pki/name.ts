// Distinguished names for lab certificates, honest or odd: any attributes, any order, any string type.
import { type Asn1, type TextEncoding, oid, sequence, set, text } from './asn1.ts'

const OIDS = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  email: '1.2.840.113549.1.9.1',
} as const

export interface NameAttribute {
  readonly type: keyof typeof OIDS
  readonly value: string
  readonly encoding?: TextEncoding
  /** Into the RDN of the attribute before it, which makes that one multi-valued. */
  readonly joined?: boolean
}

export function nameOf(attributes: readonly NameAttribute[]): Asn1 {
  const groups: Asn1[][] = []
  for (const attribute of attributes) {
    const last = groups.at(-1)
    if (attribute.joined === true && last !== undefined) last.push(attributeOf(attribute))
    else groups.push([attributeOf(attribute)])
  }
  return sequence(...groups.map((group) => set(...group)))
}

function attributeOf({ type, value, encoding }: NameAttribute): Asn1 {
  return sequence(oid(OIDS[type]), text(value, encoding ?? usualEncoding(type)))
}

function usualEncoding(type: NameAttribute['type']): TextEncoding {
  if (type === 'C') return 'printable'
  return type === 'email' ? 'ia5' : 'utf8'
}
