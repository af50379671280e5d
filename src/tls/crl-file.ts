// Reads files of revocation lists: one list in DER, or PEM with lists and the intermediate authorities that signed them.
// Every byte between the markers is accounted for, so that a cut-off file is an error and never a shorter list.
import { X509Certificate } from 'node:crypto'
import { subjectOf } from './anchors.ts'
import { RevocationListError } from './crl-error.ts'
import { DerError, TAG, readOnly } from './der.ts'

export interface RevocationFile {
  /** DER, in order. Not verified yet: that is readRevocationList's. */
  readonly lists: readonly Uint8Array[]
  /** CA certificates that stand beside them. */
  readonly certificates: readonly X509Certificate[]
}

/** The largest file, bytes: the largest lists of public authorities are some tens of MiB. */
export const MAX_LIST_FILE = 64 * 1024 * 1024

const COMPARE = 'compare the file with its source'

/** @throws RevocationListError where anything is not exactly a list or the certificate of an authority. */
export function readRevocationFile(bytes: Uint8Array): RevocationFile {
  if (bytes.length === 0)
    throw new RevocationListError('the file is empty', 'put a revocation list in DER or PEM form there')
  if (bytes.length > MAX_LIST_FILE)
    throw new RevocationListError(
      `the file is larger than ${MAX_LIST_FILE} bytes`,
      'ask the authority for a list that is split by distribution point',
    )
  return bytes[0] === TAG.sequence ? { lists: [readDer(bytes)], certificates: [] } : readPem(bytes)
}

function readDer(bytes: Uint8Array): Uint8Array {
  try {
    readOnly(bytes, TAG.sequence)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new RevocationListError(`the file is not one whole list: ${error.message}`, COMPARE)
  }
  if (certificateOf(bytes) !== undefined)
    throw new RevocationListError(
      'the file is a certificate, not a revocation list',
      'anchors have a place of their own',
    )
  return bytes
}

function readPem(bytes: Uint8Array): RevocationFile {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    throw new RevocationListError(
      'the file holds a private key',
      'a list is public; remove the key, and replace it if others could read this file',
    )
  // Text, BEGIN, base64, END, text, BEGIN, …: a block that is cut off or nested leaves another count or order.
  const parts = text.split('-----')
  if (parts.length === 1)
    throw new RevocationListError(
      'no PEM block and no DER list',
      'the file must hold "-----BEGIN X509 CRL-----" blocks, or one list in DER form',
    )
  const lists: Uint8Array[] = []
  const certificates: X509Certificate[] = []
  for (let i = 1; i < parts.length; i += 4) {
    const [begin = '', base64 = '', end = ''] = parts.slice(i, i + 3)
    const label = /^BEGIN ([A-Z0-9 ]{1,64})$/.exec(begin)?.[1]
    if (label === undefined || end !== `END ${label}` || i + 3 >= parts.length)
      throw new RevocationListError('a PEM block is cut off or garbled', COMPARE)
    if (label === 'X509 CRL') lists.push(readDer(decodeBase64(base64)))
    else if (label === 'CERTIFICATE') certificates.push(readAuthority(decodeBase64(base64)))
    else throw new RevocationListError(`a block is "${label}", neither X509 CRL nor CERTIFICATE`, 'remove it')
  }
  return { lists, certificates }
}

// Regular expressions stay out of it: over 64 MiB they would run out of stack.
function decodeBase64(text: string): Buffer {
  const compact = text.replaceAll('\r', '').replaceAll('\n', '')
  const bytes = Buffer.from(compact, 'base64')
  if (compact === '' || bytes.toString('base64') !== compact)
    throw new RevocationListError('a PEM block is not whole base64', COMPARE)
  return bytes
}

function readAuthority(der: Uint8Array): X509Certificate {
  const certificate = certificateOf(der)
  if (certificate === undefined)
    throw new RevocationListError('a block is not one whole certificate', COMPARE)
  if (!certificate.ca)
    throw new RevocationListError(
      `${subjectOf(certificate)} is not a CA certificate`,
      'keep only the authorities that sign the lists of this file',
    )
  return certificate
}

function certificateOf(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    return Buffer.compare(certificate.raw, der) === 0 ? certificate : undefined
  } catch {
    return undefined
  }
}
