// What a leaf has to be to identify a client: structure, purpose, key and algorithm, whoever issued it.
// OpenSSL lets pass most of what is refused here; whose name the leaf carries is the common-name gate's rule.
import { type Leaf, OID_CLIENT_AUTH } from '../domain/leaf.ts'

/** @returns what is wrong, in words for an operator; undefined where nothing is. */
type Rule = (leaf: Leaf) => string | undefined

/** @returns what makes a leaf unfit to identify a client, in words for an operator. */
export function profileProblem(leaf: Leaf): string | undefined {
  return firstProblem(leaf, PROFILE)
}

/** @returns what OpenSSL may have refused without Node having a name for it. */
export function weaknessOf(leaf: Leaf): string | undefined {
  return firstProblem(leaf, WEAKNESSES)
}

function firstProblem(leaf: Leaf, rules: readonly Rule[]): string | undefined {
  for (const rule of rules) {
    const problem = rule(leaf)
    if (problem !== undefined) return problem
  }
  return undefined
}

const version: Rule = ({ version: found }) => (found === 3 ? undefined : `X.509 version ${found}, not 3`)

// RFC 5280 §4.1.2.4 wants these two for new names. The others have had several readings each (UTF-16, T.61).
const NAME_TYPES = new Set(['UTF8String', 'PrintableString'])

const oneCommonName: Rule = ({ commonNames, commonNameTypes }) => {
  if (commonNames.length !== 1) return `${commonNames.length} common names, not exactly one`
  const [type = 'no string'] = commonNameTypes
  return NAME_TYPES.has(type)
    ? undefined
    : `its common name is written as ${type}, not as UTF8String or PrintableString`
}

const noAuthority: Rule = ({ isAuthority }) =>
  isAuthority ? 'it is a certificate authority, not a leaf' : undefined

// RFC 5280 §4.2.1.12: anyExtendedKeyUsage would satisfy OpenSSL; a client certificate has to say what it is for.
const forClients: Rule = ({ extendedKeyUsage: purposes }) => {
  if (purposes === undefined) return 'no extended key usage: clientAuth is not asserted'
  return purposes.includes(OID_CLIENT_AUTH) ? undefined : 'extended key usage without clientAuth'
}

// RFC 5280 §4.2.1.3: a client signs its handshake. OpenSSL would be content with keyAgreement.
const maySign: Rule = ({ keyUsage }) =>
  keyUsage === undefined || keyUsage.includes('digitalSignature')
    ? undefined
    : `key usage without digitalSignature: ${keyUsage.join(', ') || 'nothing at all'}`

/** Extensions a leaf may call critical, for they are heeded. Name constraints are for authorities (RFC 5280 §4.2.1.10). */
const UNDERSTOOD = new Set([
  '2.5.29.15', // key usage
  '2.5.29.17', // subject alternative name: OpenSSL holds it against the authorities' name constraints
  '2.5.29.19', // basic constraints
  '2.5.29.32', // certificate policies: no policy is asked for, so that any will do (RFC 5280 §6.1.1)
  '2.5.29.37', // extended key usage
])

// RFC 5280 §4.2: who does not know a critical extension has to refuse.
const understood: Rule = ({ criticalExtensions }) => {
  const unknown = criticalExtensions.filter((oid) => !UNDERSTOOD.has(oid))
  return unknown.length === 0
    ? undefined
    : `it has a critical extension that hubgate does not know: ${unknown.join(', ')}`
}

// RFC 5280 §4.1.2.2: positive, and at most 20 octets (of the number itself: a sign octet more is often seen).
const MAX_SERIAL_DIGITS = 40

const soundSerial: Rule = ({ serial }) => {
  if (serial.startsWith('-')) return `its serial number ${serial} is negative`
  if (/^0*$/.test(serial)) return 'its serial number is zero'
  return serial.length > MAX_SERIAL_DIGITS
    ? `its serial number has ${serial.length / 2} bytes, more than 20`
    : undefined
}

const soundValidity: Rule = ({ notBefore, notAfter }) =>
  notBefore <= notAfter ? undefined : `it ends at ${show(notAfter)}, before it begins at ${show(notBefore)}`

function show(time: Date): string {
  return time.toISOString()
}

const PSS = '1.2.840.113549.1.1.10'

// RFC 8017 A.2.4, RFC 5758 §3.2, RFC 8410 §3, RFC 4055 §3.1.
const SOUND_SIGNATURES = new Set([
  '1.2.840.113549.1.1.11', // sha256WithRSA
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  PSS,
  '1.2.840.10045.4.3.2', // ecdsaWithSHA256
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112', // Ed25519
])

/** SHA-256, SHA-384, SHA-512. */
const SOUND_DIGESTS = new Set(['1', '2', '3'].map((last) => `2.16.840.1.101.3.4.2.${last}`))

/** What an operator calls those that are seen in the wild. */
const WEAK_NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'MD5 and RSA'],
  ['1.2.840.113549.1.1.5', 'SHA-1 and RSA'],
  ['1.2.840.113549.1.1.14', 'SHA-224 and RSA'],
  ['1.2.840.10045.4.1', 'SHA-1 and ECDSA'],
  ['1.2.840.10045.4.3.1', 'SHA-224 and ECDSA'],
  ['1.3.14.3.2.26', 'RSASSA-PSS and SHA-1'],
])

const soundSignature: Rule = ({ signatureAlgorithm: algorithm, signatureDigest: digest }) => {
  const isSound =
    SOUND_SIGNATURES.has(algorithm) && (algorithm !== PSS || SOUND_DIGESTS.has(digest ?? 'none'))
  if (isSound) return undefined
  const weak = digest ?? algorithm
  return `signed with ${named(weak, WEAK_NAMES)}, which is too weak or unknown`
}

const SOUND_KEYS = new Set(['ec P-256', 'ec P-384', 'ec P-521', 'ed25519'])

const MIN_RSA_BITS = 2048
/** Beyond, a signature costs whoever checks it more than it costs to send. */
const MAX_RSA_BITS = 8192
/** FIPS 186-5 §A.1.1 wants 2^16 < e < 2^256; 3 is old, and sound for signatures. */
const MAX_EXPONENT_DIGITS = 64

const KEY_NAMES: ReadonlyMap<string, string> = new Map([
  ['1.3.101.113', 'ed448'],
  ['1.2.840.10040.4.1', 'DSA'],
  ['ec 1.3.132.0.10', 'ec secp256k1'],
  ['ec 1.2.840.10045.3.1.1', 'ec P-192'],
  ['ec 1.3.132.0.33', 'ec P-224'],
])

const soundKey: Rule = ({ key: { kind, bits, exponent } }) => {
  if (kind !== 'rsa')
    return SOUND_KEYS.has(kind) ? undefined : `key ${named(kind, KEY_NAMES)} is too weak or unknown`
  if (bits < MIN_RSA_BITS) return `key rsa of ${bits} bits is too weak: ${MIN_RSA_BITS} at least`
  if (bits > MAX_RSA_BITS) return `key rsa of ${bits} bits is too long: ${MAX_RSA_BITS} at most`
  return isExponent(exponent) ? undefined : `key rsa has the unsound exponent 0x${exponent ?? ''}`
}

// Odd, and 3 or more: with 1 everybody could sign.
function isExponent(hex = ''): boolean {
  return hex.length <= MAX_EXPONENT_DIGITS && /^[0-9A-F]*[13579BDF]$/.test(hex) && !/^0*1$/.test(hex)
}

/** The OID itself stays for whoever looks it up. */
function named(oid: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(oid)
  return name === undefined ? oid : `${name} (${oid})`
}

const PROFILE: readonly Rule[] = [
  version,
  oneCommonName,
  noAuthority,
  forClients,
  maySign,
  understood,
  soundSerial,
  soundValidity,
  soundSignature,
  soundKey,
]

const WEAKNESSES: readonly Rule[] = [understood, soundSignature, soundKey]
