// HAProxy with TLS ended there: DER in base64, and OpenSSL's verdict by number. Both are there on every request, the
// certificate's empty where there is none: HAProxy says 0 then, too.
import { certificatesIn, fromBase64, oneCertificate } from './decode.ts'
import { type Front, FrontFieldError, optional, required } from './front.ts'
import { FORWARDED_FOR, clientOf } from './hops.ts'
import { errorByNumber } from './openssl-errors.ts'

const VERIFY = 'X-SSL-Client-Verify'
const CERTIFICATE = 'X-SSL-Client-DER'
const CHAIN = 'X-SSL-Client-Chain-DER'

export const haproxy: Front = {
  fields: [
    { name: VERIFY, holds: '`%[ssl_c_verify]`: 0, or the number of the error' },
    { name: CERTIFICATE, holds: '`%[ssl_c_der,base64]`: the leaf; empty without one' },
    { name: CHAIN, holds: '`%[ssl_c_chain_der,base64]`: what the client sent besides; may be left out' },
    { ...FORWARDED_FOR, holds: '`%[src]`' },
  ],
  address: clientOf,
  certificate: (fields) => {
    const frontError = errorByNumber(required(fields, VERIFY), VERIFY)
    const base64 = required(fields, CERTIFICATE)
    const chain = optional(fields, CHAIN) ?? ''
    if (base64 === '') {
      if (chain !== '' || frontError !== undefined)
        throw new FrontFieldError(`${CERTIFICATE} is empty, ${CHAIN} or ${VERIFY} is not`)
      return { kind: 'none' }
    }
    const leaf = oneCertificate(fromBase64(base64, CERTIFICATE), CERTIFICATE)
    const others = chain === '' ? [] : certificatesIn(fromBase64(chain, CHAIN), CHAIN)
    return { kind: 'certificate', chain: [leaf, ...others], frontError }
  },
}
