// Our own certificate file as it is: the names it covers and the chain it holds. Whom a client trusts is not decided here.
import { X509Certificate } from 'node:crypto'
import { signedBy } from './anchors.ts'

export interface OwnChain {
  /** All certificates of the file, in its order: what is sent. */
  readonly sent: readonly X509Certificate[]
  /** The leaf, its issuer, that one's issuer, as far as the file goes. */
  readonly path: readonly X509Certificate[]
  /** The leaf's issuer is there, or the leaf is its own. */
  readonly complete: boolean
  /** Each certificate is followed by its issuer, as TLS 1.2 demands; others may come after. */
  readonly inOrder: boolean
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** @param pem its first certificate is the leaf. @throws where a block is no certificate. */
export function ownChain(pem: string): OwnChain {
  const sent = [...pem.matchAll(BLOCK)].map(([block]) => new X509Certificate(block))
  const path = sent.slice(0, 1)
  for (let last = path.at(-1); last !== undefined && !isSelfSigned(last); last = path.at(-1)) {
    const below = last
    const issuer = sent.find((one) => !path.includes(one) && signedBy(below, one))
    if (issuer === undefined) break
    path.push(issuer)
  }
  const [leaf] = sent
  return {
    sent,
    path,
    complete: path.length > 1 || (leaf !== undefined && isSelfSigned(leaf)),
    inOrder: path.every((certificate, i) => certificate === sent[i]),
  }
}

// checkIssued would say no to one whose key is for servers, not for signing certificates.
function isSelfSigned(certificate: X509Certificate): boolean {
  const { subject, issuer, publicKey } = certificate
  return subject === issuer && certificate.verify(publicKey)
}

/** The DNS names of a certificate, as they stand there: `*.example.com` too. */
export function dnsNames({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^",]+)/g)].map(([, name = '']) => name)
}

/** A name that a client may ask for: one below a wildcard. */
export function askedFor(name: string): string {
  return name.replace(/^\*\./, 'hubgate-check.')
}
