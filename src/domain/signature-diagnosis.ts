// Why a signature does not fit: tries the field's usual misspellings, and the ways a body gets changed between the wire
// and a file. For people who look for a mistake; nothing is ever admitted by it.
import { createHmac } from 'node:crypto'
import { bodyVariants } from './body-variants.ts'
import { signedPrefix } from './signed-prefix.ts'
import { parseSignature, sameDigest } from './signature.ts'

export interface NamedSecret {
  /** How to speak of it, such as "APP_SECRET"; never the value. */
  readonly name: string
  readonly secret: string
}

export interface Finding {
  readonly cause: string
  /** What is wrong, in a sentence. */
  readonly message: string
  /** What to do. */
  readonly hint: string
}

export type Diagnosis =
  | { readonly outcome: 'fits'; readonly secret: string }
  | { readonly outcome: 'differs'; readonly findings: readonly Finding[] }

export interface DiagnosisInputs {
  readonly body: Uint8Array
  /** As it stood in X-Hub-Signature-256. */
  readonly field: string
  readonly secrets: readonly NamedSecret[]
  /** Not meant, but known: tried for the diagnosis only. */
  readonly others?: readonly NamedSecret[]
}

/** Most likely causes first; at least one finding where it differs. */
export function diagnose(inputs: DiagnosisInputs): Diagnosis {
  const { body, field, secrets } = inputs
  const exact = parseSignature(field)
  const fitting = exact === undefined ? undefined : secretFor(exact, body, secrets)
  if (fitting !== undefined) return { outcome: 'fits', secret: fitting.name }
  const read = readLoosely(field)
  if (read.digest === undefined) return differs(shapeFindings(inputs, read.sha1))
  const shape = read.faults.length === 0 ? [] : [misspelt(read.faults)]
  if (secretFor(read.digest, body, secrets) !== undefined) return differs(shape)
  const cause = causeOf(read.digest, inputs)
  return differs([...shape, cause ?? UNKNOWN])
}

const UNKNOWN: Finding = {
  cause: 'unknown',
  message: 'none of the secrets made this signature over these bytes, nor over any usual variation of them',
  hint: "compare the app secret with Meta's dashboard (App settings, Basic), and keep the body as raw bytes",
}

function differs(findings: readonly Finding[]): Diagnosis {
  return { outcome: 'differs', findings }
}

function causeOf(digest: Uint8Array, { body, secrets, others = [] }: DiagnosisInputs): Finding | undefined {
  const other = secretFor(digest, body, others)
  if (other !== undefined)
    return {
      cause: 'other secret',
      message: `it was made with another secret: ${other.name}`,
      hint: 'give the secret of the app that sent it, or add that app to the route',
    }
  for (const candidate of [...secrets, ...others]) {
    const found = variantCause(digest, body, candidate) ?? secretCause(digest, body, candidate)
    if (found !== undefined) return found
  }
  return prefixCause(digest, body, secrets)
}

function variantCause(digest: Uint8Array, body: Uint8Array, { secret }: NamedSecret): Finding | undefined {
  for (const { cause, message, bytes } of bodyVariants(body))
    if (sameDigest(hmac(secret, bytes), digest))
      return {
        cause,
        message,
        hint: 'hash the bytes as they came, before anything decodes, parses or edits them',
      }
  return undefined
}

/** The secret itself was changed on its way here, or at the signer's. */
function secretCause(
  digest: Uint8Array,
  body: Uint8Array,
  { name, secret }: NamedSecret,
): Finding | undefined {
  const changed: readonly (readonly [string, string | Uint8Array])[] = [
    ['without the white space around it', secret.trim()],
    ['with a newline behind it', `${secret}\n`],
    ['in quotes', `"${secret}"`],
    ['read as hex digits', Buffer.from(secret, 'hex')],
    ['in lower case', secret.toLowerCase()],
    ['in upper case', secret.toUpperCase()],
  ]
  const found = changed.find(([, value]) => value !== secret && sameDigest(hmac(value, body), digest))
  if (found === undefined) return undefined
  return {
    cause: 'secret changed',
    message: `it was made with ${name} ${found[0]}`,
    hint: 'both sides have to use the 32 characters of the dashboard as they stand',
  }
}

function prefixCause(
  digest: Uint8Array,
  body: Uint8Array,
  secrets: readonly NamedSecret[],
): Finding | undefined {
  for (const { secret } of secrets) {
    const length = signedPrefix(body, secret, digest)
    if (length !== undefined)
      return {
        cause: 'longer than signed',
        message: `it fits the first ${length} of ${body.length} bytes: the rest was added, or the signed body was cut`,
        hint: 'compare the length with the Content-Length of the delivery',
      }
  }
  return undefined
}

interface LooseReading {
  readonly digest: Uint8Array | undefined
  readonly sha1: string | undefined
  readonly faults: readonly string[]
}

/** What the field may have been meant to be. */
function readLoosely(field: string): LooseReading {
  const faults: string[] = []
  const step = (fault: string, pattern: RegExp, text: string): string => {
    const next = text.replace(pattern, '')
    if (next !== text) faults.push(fault)
    return next
  }
  let rest = step('white space around it', /^\s+|\s+$/g, field)
  rest = step('the name of the field', /^x-hub-signature(?:-256)?:\s*/i, rest)
  rest = step('quotes around it', /^["']|["']$/g, rest)
  const sha1 = /^(?:sha1=)?([0-9a-f]{40})$/i.exec(rest)?.[1]
  if (sha1 !== undefined) return { digest: undefined, sha1: sha1.toLowerCase(), faults }
  const scheme = /^sha256\s*[=:]\s*/i.exec(rest)?.[0]
  if (scheme === undefined) faults.push('no sha256= before it')
  else if (scheme !== 'sha256=') faults.push('another spelling of sha256=')
  const digits = rest.slice(scheme?.length ?? 0)
  if (/^[0-9a-f]{64}$/i.test(digits)) {
    if (/[A-F]/.test(digits)) faults.push('upper-case hex digits')
    return { digest: Buffer.from(digits, 'hex'), sha1: undefined, faults }
  }
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(digits)) return { digest: undefined, sha1: undefined, faults }
  return {
    digest: Buffer.from(digits, 'base64'),
    sha1: undefined,
    faults: [...faults, 'base64 instead of hex'],
  }
}

function misspelt(faults: readonly string[]): Finding {
  return {
    cause: 'field misspelt',
    message: `the field has ${faults.join(', ')}`,
    hint: 'it has to be exactly sha256= and 64 lower-case hex digits, as Meta sends it',
  }
}

function shapeFindings(
  { body, field, secrets }: DiagnosisInputs,
  sha1: string | undefined,
): readonly Finding[] {
  if (sha1 !== undefined) {
    const fits = secrets.some(({ secret }) => hmac(secret, body, 'sha1').toString('hex') === sha1)
    return [
      {
        cause: 'sha1',
        message: `this is a sha1 signature, the value of X-Hub-Signature${fits ? '; it fits' : ', and it does not fit either'}`,
        hint: 'take the value of X-Hub-Signature-256',
      },
    ]
  }
  const digits = /[0-9a-f]*$/i.exec(field.trim())?.[0].length ?? 0
  return [
    {
      cause: 'not a signature',
      message: `the field is no signature: ${digits} hex digits at its end, not 64`,
      hint: 'it has to be exactly sha256= and 64 lower-case hex digits, as Meta sends it',
    },
  ]
}

function secretFor(
  digest: Uint8Array,
  body: Uint8Array,
  secrets: readonly NamedSecret[],
): NamedSecret | undefined {
  return secrets.find(({ secret }) => sameDigest(hmac(secret, body), digest))
}

function hmac(secret: string | Uint8Array, body: Uint8Array, algorithm = 'sha256'): Buffer {
  return createHmac(algorithm, secret).update(body).digest()
}
