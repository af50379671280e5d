// AWS Application Load Balancer, mutual TLS in passthrough mode: the whole chain, which nobody verified before us.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
import { fromEncodedPem } from './decode.ts'
import { type Front, optional } from './front.ts'
import { FORWARDED_FOR, clientOf } from './hops.ts'

const CHAIN = 'X-Amzn-Mtls-Clientcert'

export const albPassthrough: Front = {
  fields: [
    { name: CHAIN, holds: 'the chain as percent-encoded PEM, leaf first; absent without one' },
    FORWARDED_FOR,
  ],
  address: clientOf,
  certificate: (fields) => {
    const encoded = optional(fields, CHAIN)
    return encoded === undefined
      ? { kind: 'none' }
      : { kind: 'certificate', chain: fromEncodedPem(encoded, CHAIN), frontError: undefined }
  },
}
