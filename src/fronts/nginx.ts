// nginx, as `hubgate front nginx` configures it: one leaf, percent-encoded, and what nginx found out about it.
// It passes no intermediates: where leaves hang below one, that one has to be an anchor here.
import { fromEncodedPem, onlyCertificate } from './decode.ts'
import { type Front, FrontFieldError, optional, required } from './front.ts'
import { FORWARDED_FOR, clientOf } from './hops.ts'
import { errorInWords } from './openssl-errors.ts'

const VERIFY = 'X-SSL-Client-Verify'
const CERTIFICATE = 'X-SSL-Client-Escaped-Cert'

export const nginx: Front = {
  fields: [
    { name: VERIFY, holds: '`$ssl_client_verify`: `SUCCESS`, `NONE` or `FAILED:reason`' },
    {
      name: CERTIFICATE,
      holds: '`$ssl_client_escaped_cert`: the leaf as percent-encoded PEM; absent without one',
    },
    { ...FORWARDED_FOR, holds: '`$remote_addr`' },
  ],
  address: clientOf,
  certificate: (fields) => {
    const verify = required(fields, VERIFY)
    const escaped = optional(fields, CERTIFICATE) ?? ''
    if (verify === 'NONE' && escaped === '') return { kind: 'none' }
    const failed = /^FAILED:([\x20-\x7e]{1,200})$/.exec(verify)?.[1]
    if (verify !== 'SUCCESS' && failed === undefined)
      throw new FrontFieldError(
        `${VERIFY} is neither SUCCESS nor FAILED, and there is a certificate, or it is unknown`,
      )
    const leaf = onlyCertificate(fromEncodedPem(escaped, CERTIFICATE), CERTIFICATE)
    return {
      kind: 'certificate',
      chain: [leaf],
      frontError: failed === undefined ? undefined : errorInWords(failed),
    }
  },
}
