// What `import … from 'hubgate'` gives: the gateway itself, and its parts for use inside other servers.
export { type GatewayOptions, type WholeGateway as Gateway, createGateway } from './embed.ts'
export type { ReloadOutcome } from './gateway/gateway.ts'
export type { ConfigInput } from './config/schema.ts'
export type { AuditRecord } from './observe/audit.ts'
export type { Problem } from './config/problem.ts'
export { ConfigError } from './config/problem.ts'

export {
  type Address,
  type Prefix,
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
} from './domain/address.ts'
export { type PrefixTable, prefixTable } from './domain/prefix-table.ts'
export { AllowListError, parseAllowList, readAllowList } from './allowlist/read-list.ts'

export { BodyDigests, type Digest, type SigningKey, sign, signatureMatches } from './domain/signature.ts'
export { type Challenge, readChallenge, tokenMatches } from './domain/challenge.ts'
export { REFUSALS, type RefusalCode, type RefusalRow } from './domain/refusals.ts'
export { type Admit, type Evidence, type Refuse, type Verdict, admit, refuse } from './domain/verdict.ts'
export type {
  BodyFacts,
  CertificateFacts,
  ChallengeFacts,
  ConnectionFacts,
  IdentityFacts,
  RequestFacts,
} from './domain/facts.ts'
export { Fields } from './domain/fields.ts'
export type { Leaf } from './domain/leaf.ts'
export { readLeaf } from './tls/read-leaf.ts'

export type { Gate } from './gates/gate.ts'
export { certificate } from './gates/certificate.ts'
export { commonName } from './gates/common-name.ts'
export { connectionLimit } from './gates/connection-limit.ts'
export { expectation } from './gates/expectation.ts'
export { framing } from './gates/framing.ts'
export { headSize } from './gates/head-size.ts'
export { length } from './gates/length.ts'
export { mediaType } from './gates/media-type.ts'
export { method } from './gates/method.ts'
export { route } from './gates/route.ts'
export { signature } from './gates/signature.ts'
export { source } from './gates/source.ts'
export { verifyToken } from './gates/verify-token.ts'
