// Any front that speaks RFC 9440: Client-Cert and Client-Cert-Chain, byte sequences of structured fields (RFC 8941 §3.3.5).
import { fromBase64, oneCertificate } from './decode.ts'
import { type Front, FrontFieldError, optional } from './front.ts'
import { FORWARDED_FOR, clientOf } from './hops.ts'

const LEAF = 'Client-Cert'
const CHAIN = 'Client-Cert-Chain'

export const rfc9440: Front = {
  fields: [
    { name: LEAF, holds: 'the leaf: `:base64:`; absent without one' },
    { name: CHAIN, holds: 'the others in the order of the handshake: `:base64:, :base64:`; may be left out' },
    FORWARDED_FOR,
  ],
  address: clientOf,
  certificate: (fields) => {
    const leaf = optional(fields, LEAF)
    const chain = optional(fields, CHAIN)
    if (leaf === undefined && chain === undefined) return { kind: 'none' }
    if (leaf === undefined) throw new FrontFieldError(`${CHAIN} is there without ${LEAF}`)
    const others = chain === undefined ? [] : chain.split(/[ \t]*,[ \t]*/)
    if (others.length > 32) throw new FrontFieldError(`${CHAIN} has more than 32 certificates`)
    return {
      kind: 'certificate',
      chain: [certificateOf(leaf, LEAF), ...others.map((one) => certificateOf(one, CHAIN))],
      frontError: undefined,
    }
  },
}

function certificateOf(item: string, where: string): Uint8Array {
  const base64 = /^:([A-Za-z0-9+/=]*):$/.exec(item)?.[1]
  if (base64 === undefined) throw new FrontFieldError(`${where} is not a byte sequence`)
  return oneCertificate(fromBase64(base64, where), where)
}
