// What a CA certificate itself says that it may vouch for: purposes, names, where its revocation lists are. For showing;
// whether a chain keeps to it is OpenSSL's to say.
import type { X509Certificate } from 'node:crypto'
import { type CertificateParts, distributionPointsOf, readCertificateParts } from '../tls/crl-certificate.ts'
import { DerReader, type Element, TAG, readOid, readOnly, readText } from '../tls/der.ts'
import { readName, showName } from '../tls/read-name.ts'

export interface AnchorLimits {
  /** Names of purposes, or OIDs; null: for all. */
  readonly purposes: readonly string[] | null
  /** Each as "only …" or "never …"; empty: for all names. */
  readonly names: readonly string[]
  readonly revocationLists: readonly string[]
}

const PURPOSES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'servers',
  '1.3.6.1.5.5.7.3.2': 'clients',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'e-mail',
  '1.3.6.1.5.5.7.3.8': 'time stamps',
  '1.3.6.1.5.5.7.3.9': 'OCSP',
  '2.5.29.37.0': 'any purpose',
}

export function anchorLimits(certificate: X509Certificate): AnchorLimits {
  const parts = readCertificateParts(certificate.raw)
  return {
    purposes: purposesOf(parts),
    names: namesOf(parts),
    revocationLists: distributionPointsOf(certificate),
  }
}

/** The common names of the subject, read from its structure: in printed text an O can spell "CN=…". */
export function commonNamesOf(certificate: X509Certificate): readonly string[] {
  const { subject } = readCertificateParts(certificate.raw)
  return readName(new DerReader(readOnly(subject, TAG.sequence).content))
    .filter(({ oid }) => oid === '2.5.4.3')
    .flatMap(({ text }) => (text === undefined ? [] : [text]))
}

function purposesOf({ extensions }: CertificateParts): string[] | null {
  const extension = extensions.get('2.5.29.37')
  if (extension === undefined) return null
  return elementsOf(readOnly(extension.value, TAG.sequence).content)
    .map((purpose) => readOid(purpose))
    .map((oid) => PURPOSES[oid] ?? oid)
}

// RFC 5280 §4.2.1.10: permitted [0], excluded [1], each a list of subtrees that begin with a GeneralName.
function namesOf({ extensions }: CertificateParts): string[] {
  const extension = extensions.get('2.5.29.30')
  if (extension === undefined) return []
  return elementsOf(readOnly(extension.value, TAG.sequence).content).flatMap(({ tag, content }) =>
    elementsOf(content).map((subtree) => {
      const [base] = elementsOf(subtree.content)
      return `${tag === 0xa0 ? 'only' : 'never'} ${base === undefined ? 'an empty name' : generalName(base)}`
    }),
  )
}

function generalName({ tag, content }: Element): string {
  if (tag === 0xa4) return showName(readName(new DerReader(readOnly(content, TAG.sequence).content)))
  if (tag === 0x87) return `addresses ${Buffer.from(content).toString('hex')}`
  return readText({ tag: TAG.ia5String, content, whole: content }) ?? `a name of kind ${tag & 0x1f}`
}

function elementsOf(bytes: Uint8Array): Element[] {
  const reader = new DerReader(bytes)
  const elements: Element[] = []
  while (!reader.done) elements.push(reader.next())
  return elements
}
