// Refuses a client whose one common name is not byte for byte a configured one: no suffix, wildcard, case or SAN rule.
// Where anyone can buy a certificate of the same authority, this is the lock.
import type { CertificateFacts, IdentityFacts, RequestFacts } from '../domain/facts.ts'
import { type Verdict, admit, refuse } from '../domain/verdict.ts'
import { mayBeChallenge } from './challenge-only.ts'
import type { Gate } from './gate.ts'

type Code = 'COMMON_NAME_MISMATCH'

export interface CommonNameOptions {
  /** `deliveries`: a client without certificate may pass for now. */
  readonly absentMayWait: boolean
}

export function commonName(
  allowed: readonly string[],
  options: CommonNameOptions,
): Gate<IdentityFacts, Code> {
  return {
    name: 'common-name',
    check: ({ certificate }) =>
      options.absentMayWait && isAbsent(certificate)
        ? admit('no certificate yet')
        : judge(certificate, allowed),
  }
}

/** Under `client.require: deliveries`: a GET may come without a certificate, and so without a name. */
export function commonNameOnDelivery(
  allowed: readonly string[],
): Gate<Pick<RequestFacts, 'certificate' | 'method' | 'route'>, Code> {
  return {
    name: 'common-name',
    check: ({ certificate, method, route }) =>
      isAbsent(certificate) && mayBeChallenge({ method, route })
        ? admit('none, on a challenge')
        : judge(certificate, allowed),
  }
}

function isAbsent({ leaf, asserted }: CertificateFacts): boolean {
  return leaf === undefined && asserted === undefined
}

function judge({ leaf, asserted }: CertificateFacts, allowed: readonly string[]): Verdict<Code> {
  const read = leaf === 'unreadable' ? undefined : leaf
  const names = (read ?? asserted)?.commonNames ?? []
  const [name] = names
  if (names.length !== 1 || name === undefined)
    return refuse('COMMON_NAME_MISMATCH', `${names.length} common names, not exactly one`)
  if (!allowed.includes(name))
    return refuse(
      'COMMON_NAME_MISMATCH',
      `CN ${JSON.stringify(name)} is not among the ${allowed.length} allowed`,
    )
  return admit(`CN ${JSON.stringify(name)}`)
}
