// Reads trust anchors: files that hold exactly CA certificates. Node loads an empty, cut-off or garbage list silently,
// so every byte is accounted for here before OpenSSL sees it. Which anchor a chain ends in is for the record only.
import { X509Certificate } from 'node:crypto'
import type { AnchorConfig, AnchorLife, AnchorState } from '../config/config.ts'
import { readBytes } from '../config/read-text.ts'
import { type KnownAnchor, knownAnchor } from './known-anchors.ts'
import { readPathLength, withPathLength } from './path-length.ts'

export interface Anchor {
  readonly name: string
  readonly certificate: X509Certificate
  /** SHA-256 of the DER bytes, upper-case hex in pairs with colons, as openssl prints it. */
  readonly fingerprint: string
  readonly known: KnownAnchor | undefined
  /** How many intermediates may stand below it; undefined where it says nothing. */
  readonly pathLength: number | undefined
  /** Whether it admits now. */
  readonly state: AnchorState
  /** It is no root: chains may end in it only because it is an anchor. */
  readonly partial: boolean
}

const BUILTIN: Readonly<Record<'digicert-ev', URL>> = {
  'digicert-ev': new URL('../../certs/digicert-high-assurance-ev-root-ca.pem', import.meta.url),
}

/** The largest file read as an anchor, bytes: a bundle of all public roots is some 200 KiB. */
export const MAX_FILE = 1024 * 1024

/**
 * @param now decides by from and until.
 * @throws AnchorFileError in words for an operator, or the system's error where the file cannot be read.
 */
export function loadAnchors(source: AnchorConfig, now: Date): readonly Anchor[] {
  const file = source.kind === 'builtin' ? BUILTIN[source.builtin] : source.file
  const certificates = parseAnchors(readBytes(file, MAX_FILE))
  const state = stateAt(source, now)
  return certificates.map((certificate, i) =>
    anchorOf(certificate, certificates.length > 1 ? `${source.name}#${i + 1}` : source.name, state),
  )
}

/** Staged before `from`, retired from `until` on; else what the configuration says. */
export function stateAt({ state, from, until }: AnchorLife, now: Date): AnchorState {
  if (state !== 'active') return state
  if (from !== undefined && now < from) return 'staged'
  return until !== undefined && now >= until ? 'retired' : 'active'
}

/** What is wrong with an anchor file, and what to do. */
export class AnchorFileError extends Error {
  override readonly name = 'AnchorFileError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----/g

/**
 * Reads PEM (one or more CERTIFICATE blocks, text and comments between them) or one DER certificate.
 * @throws AnchorFileError where anything is not exactly a list of CA certificates.
 */
export function parseAnchors(bytes: Uint8Array): readonly X509Certificate[] {
  if (bytes.length === 0)
    throw new AnchorFileError('the file is empty', 'put a CA certificate in PEM form there')
  if (bytes.length > MAX_FILE)
    throw new AnchorFileError(
      `the file is larger than ${MAX_FILE} bytes`,
      'an anchor file holds a few certificates',
    )
  const certificates =
    bytes[0] === 0x30 ? [parseCertificate(bytes)] : parsePem(Buffer.from(bytes).toString('latin1'))
  for (const certificate of certificates) demandAuthority(certificate)
  const twice = certificates.find(
    (one, i) => certificates.findIndex((other) => other.fingerprint256 === one.fingerprint256) < i,
  )
  if (twice !== undefined) throw new AnchorFileError(`${subjectOf(twice)} stands there twice`, 'remove one')
  return certificates
}

function parsePem(text: string): X509Certificate[] {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    throw new AnchorFileError(
      'the file holds a private key',
      'an anchor is public; remove the key, and replace it if others could read this file',
    )
  const blocks = [...text.matchAll(BLOCK)]
  // Every BEGIN and END must belong to a whole block: OpenSSL stops silently at a second block that is cut off.
  if (text.split('-----').length - 1 !== blocks.length * 4)
    throw new AnchorFileError('a PEM block is cut off or garbled', 'compare the file with its source')
  if (blocks.length === 0)
    throw new AnchorFileError(
      'no PEM block and no DER certificate',
      'the file must hold "-----BEGIN CERTIFICATE-----" blocks',
    )
  return blocks.map(([, label, base64 = '']) => {
    if (label !== 'CERTIFICATE')
      throw new AnchorFileError(
        `a block is "${label ?? ''}", not CERTIFICATE`,
        'keep only CERTIFICATE blocks',
      )
    return parseCertificate(decodeBase64(base64))
  })
}

function decodeBase64(text: string): Buffer {
  const compact = text.replaceAll(/[\r\n]/g, '')
  const bytes = Buffer.from(compact, 'base64')
  if (bytes.toString('base64') !== compact)
    throw new AnchorFileError('a PEM block is not whole base64', 'compare the file with its source')
  return bytes
}

function parseCertificate(der: Uint8Array): X509Certificate {
  try {
    const certificate = new X509Certificate(der)
    if (Buffer.compare(certificate.raw, der) === 0) return certificate
  } catch {
    // Said below, in words that do not depend on OpenSSL's version.
  }
  throw new AnchorFileError('a block is not one whole certificate', 'compare the file with its source')
}

function demandAuthority(certificate: X509Certificate): void {
  if (!certificate.ca)
    throw new AnchorFileError(
      `${subjectOf(certificate)} is not a CA certificate`,
      `it is a leaf, issued by ${certificate.issuer.split('\n').join(', ')}; ask for the issuing certificate instead`,
    )
}

export function anchorOf(certificate: X509Certificate, name: string, state: AnchorState = 'active'): Anchor {
  const fingerprint = certificate.fingerprint256
  return {
    name,
    certificate,
    fingerprint,
    known: knownAnchor(fingerprint),
    pathLength: readPathLength(certificate.raw),
    state,
    partial: !signedBy(certificate, certificate),
  }
}

export function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.split('\n').join(', ')
}

/**
 * Names every anchor that a chain OpenSSL verified can have ended in: for records, and to close connections whose
 * anchor was removed; never to admit.
 * @param chain leaf first, then as many intermediates as are known.
 * @returns the signers of the first certificate that has any; where none is seen, all whose path length leaves room
 * for the intermediates that are not (RFC 5280 §4.2.1.9).
 */
export function anchorsOf(chain: readonly X509Certificate[], anchors: readonly Anchor[]): readonly Anchor[] {
  return signersOf(chain, anchors)?.anchors ?? anchors.filter(({ pathLength }) => pathLength !== 0)
}

export interface Signers {
  readonly anchors: readonly Anchor[]
  /** The leaf and what stands between it and them. */
  readonly below: readonly X509Certificate[]
}

/**
 * The anchors that are, or signed, the first certificate of a chain that any did; undefined where none is seen to.
 * How that certificate and those before it hang together is not looked at.
 */
export function signersOf(
  chain: readonly X509Certificate[],
  anchors: readonly Anchor[],
): Signers | undefined {
  for (const [i, certificate] of chain.entries()) {
    const signers = anchors.filter(
      (anchor) =>
        certificate.fingerprint256 === anchor.fingerprint || signedBy(certificate, anchor.certificate),
    )
    if (signers.length > 0) return { anchors: signers, below: chain.slice(0, i + 1) }
  }
  return undefined
}

/** The anchor as OpenSSL shall know it: PEM, with at most `maxDepth` certificates below it, the leaf included. */
export function trustedPem({ certificate }: Anchor, maxDepth: number): string {
  return new X509Certificate(withPathLength(certificate.raw, maxDepth - 1)).toString()
}

/** Whether the key and name of `issuer` fit: nothing about time, purpose or constraints. */
export function signedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  // checkIssued compares names and extensions only: two roots may carry one name, so the key has to fit, too.
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
