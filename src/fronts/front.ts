// What every front (a proxy that ends TLS before hubgate) has in common: it tells in fields of each request whence the request
// came and what certificate came with it. Read strictly: what is missing, doubled or malformed is refused, never repaired.
// Whether the peer is that front at all is the trusted-peer gate's to say, and whether the certificate is good, the gates'.
import type { Address } from '../domain/address.ts'
import { type Fields, pairs } from '../domain/fields.ts'
import { type Refuse, refuse } from '../domain/verdict.ts'

export interface Front {
  /** Every field it speaks in. None of them may stand twice, or under a name with an underscore. */
  readonly fields: readonly FrontField[]
  /** @throws FrontFieldError */
  readonly address: (fields: Fields, isTrusted: (address: Address) => boolean) => Address
  /** @throws FrontFieldError */
  readonly certificate: (fields: Fields) => Presented
}

export interface FrontField {
  readonly name: string
  /** For the docs: what has to stand there. */
  readonly holds: string
  /** It tells the address; the others tell of the certificate. */
  readonly address?: true
}

/** What the client presented to the front, as the front tells it. */
export type Presented =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'certificate'
      /** DER, leaf first. */
      readonly chain: readonly Uint8Array[]
      /** Why the front did not verify it, by OpenSSL's name where there is one; undefined: it did, or does not say. */
      readonly frontError: string | undefined
    }
  /** The front verified a certificate and does not pass it on. */
  | {
      readonly kind: 'subject'
      readonly subject: string
      readonly commonNames: readonly string[]
      /** As the front tells it; a front can be told to let expired ones through. */
      readonly validity?: { readonly from: Date; readonly until: Date }
    }

export interface FrontFacts {
  readonly outcome: 'read'
  readonly address: Address
  readonly certificate: Presented
}

/** Thrown by readers; becomes one refusal. */
export class FrontFieldError extends Error {
  override readonly name = 'FrontFieldError'
}

/** @param isTrusted whether a hop is one of `listen.trustedPeers`. */
export function readFront(
  front: Front,
  fields: Fields,
  isTrusted: (address: Address) => boolean,
): FrontFacts | Refuse<'FRONT_FIELDS_INVALID'> {
  try {
    demandClear(front, fields)
    return {
      outcome: 'read',
      address: front.address(fields, isTrusted),
      certificate: front.certificate(fields),
    }
  } catch (error) {
    if (error instanceof FrontFieldError) return refuse('FRONT_FIELDS_INVALID', error.message)
    throw error
  }
}

/** The value of a field that has to be there. It may be empty. */
export function required(fields: Fields, name: string): string {
  const value = optional(fields, name)
  if (value === undefined) throw new FrontFieldError(`${name} is missing`)
  return value
}

export function optional(fields: Fields, name: string): string | undefined {
  return fields.only(name.toLowerCase())
}

// A front that appends its field to one the client sent makes two of it, and one that knows names by CGI's rules takes
// X_SSL_Client_Verify for X-SSL-Client-Verify.
function demandClear(front: Front, fields: Fields): void {
  const names = new Set(front.fields.map(({ name }) => name.toLowerCase()))
  const seen = new Set<string>()
  for (const [received] of pairs(fields.raw)) {
    const lower = received.toLowerCase()
    const name = lower.replaceAll('_', '-')
    if (!names.has(name)) continue
    if (name !== lower) throw new FrontFieldError(`${name} is there with an underscore`)
    if (seen.has(name) && name !== 'x-forwarded-for') throw new FrontFieldError(`${name} is there twice`)
    seen.add(name)
  }
}
