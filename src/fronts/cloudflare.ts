// Cloudflare with client certificates forwarded. Its addresses are everybody's who is its customer: what makes it a front of
// ours alone is a tunnel, or authenticated origin pulls; `listen.trustedPeers` with its published ranges is not enough.
// https://developers.cloudflare.com/ssl/client-certificates/forward-a-client-certificate/
import { createHash } from 'node:crypto'
import { type Address, parseAddress } from '../domain/address.ts'
import type { Fields } from '../domain/fields.ts'
import { fromBase64, oneCertificate } from './decode.ts'
import { type Front, FrontFieldError, optional, required } from './front.ts'

const CERTIFICATE = 'Cf-Client-Cert-Der-Base64'
const DIGEST = 'Cf-Client-Cert-Sha256'
const VERIFIED = 'Cf-Cert-Verified'
const REVOKED = 'Cf-Cert-Revoked'
const ADDRESS = 'Cf-Connecting-IP'

export const cloudflare: Front = {
  fields: [
    { name: CERTIFICATE, holds: 'the leaf, DER in base64; absent without one' },
    { name: DIGEST, holds: 'its SHA-256, hex; may be left out' },
    { name: VERIFIED, holds: '`true`, by the managed transform for client certificates; may be left out' },
    { name: REVOKED, holds: '`false`, likewise' },
    { name: ADDRESS, holds: 'the client address', address: true },
  ],
  address: addressOf,
  certificate: (fields) => {
    const base64 = optional(fields, CERTIFICATE) ?? ''
    const revoked = flag(fields, REVOKED)
    const verified = flag(fields, VERIFIED)
    if (base64 === '') return { kind: 'none' }
    const leaf = oneCertificate(fromBase64(base64, CERTIFICATE), CERTIFICATE)
    const digest = optional(fields, DIGEST)
    if (digest !== undefined && digest.toLowerCase() !== createHash('sha256').update(leaf).digest('hex'))
      throw new FrontFieldError(`${DIGEST} is not that of ${CERTIFICATE}`)
    const refused = verified === false ? 'REFUSED_BY_FRONT' : undefined
    return { kind: 'certificate', chain: [leaf], frontError: revoked === true ? 'CERT_REVOKED' : refused }
  },
}

function addressOf(fields: Fields): Address {
  const address = parseAddress(required(fields, ADDRESS))
  if (address === undefined) throw new FrontFieldError(`${ADDRESS} is no plain address`)
  return address
}

function flag(fields: Fields, name: string): boolean | undefined {
  const value = optional(fields, name)
  if (value === undefined || value === '') return undefined
  if (value !== 'true' && value !== 'false') throw new FrontFieldError(`${name} is neither true nor false`)
  return value === 'true'
}
