// OpenSSL's verdicts as its users write them (nginx in words, HAProxy by number) under the names Node has for them.
import { FrontFieldError } from './front.ts'

/** Where there is no better name. */
const REFUSED = 'REFUSED_BY_FRONT'

// x509_vfy.h, and X509_verify_cert_error_string(3).
const ERRORS: readonly (readonly [number: number, words: string, name: string])[] = [
  [9, 'certificate is not yet valid', 'CERT_NOT_YET_VALID'],
  [10, 'certificate has expired', 'CERT_HAS_EXPIRED'],
  [18, 'self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [19, 'self-signed certificate in certificate chain', 'SELF_SIGNED_CERT_IN_CHAIN'],
  [20, 'unable to get local issuer certificate', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [21, 'unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [22, 'certificate chain too long', 'CERT_CHAIN_TOO_LONG'],
  [23, 'certificate revoked', 'CERT_REVOKED'],
  [25, 'path length constraint exceeded', 'PATH_LENGTH_EXCEEDED'],
  [26, 'unsuitable certificate purpose', 'INVALID_PURPOSE'],
  [34, 'unhandled critical extension', 'UNHANDLED_CRITICAL_EXTENSION'],
  [66, 'EE certificate key too weak', 'EE_KEY_TOO_SMALL'],
  [67, 'CA certificate key too weak', 'CA_KEY_TOO_SMALL'],
  [68, 'CA signature digest algorithm too weak', 'CA_MD_TOO_WEAK'],
]

export function errorInWords(words: string): string {
  // Until OpenSSL 3 it wrote "self signed".
  const now = words.replace('self signed', 'self-signed')
  return ERRORS.find(([, text]) => text === now)?.[2] ?? REFUSED
}

/** @returns undefined for 0: no error. @throws FrontFieldError */
export function errorByNumber(text: string, where: string): string | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) throw new FrontFieldError(`${where} is not a number`)
  if (text === '0') return undefined
  return ERRORS.find(([number]) => number === Number(text))?.[2] ?? REFUSED
}
