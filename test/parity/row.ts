// One row of the table: what a client does, and what the direct front says to it. Where another way says something else stands in otherwise.ts.
import type { DifferenceName, Outcome } from '../../src/fronts/differences.ts'
import { type Exchange, type ExchangeOptions, type Step, exchange } from '../../src/lab/exchange.ts'
import type { Dial } from '../../src/lab/dial.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Sent } from '../support/identity.ts'
import { delivery } from '../support/sender.ts'
import type { Authorities } from '../tls/cases/case.ts'

export interface Row {
  readonly group:
    | 'good'
    | 'certificate'
    | 'address'
    | 'handshake'
    | 'request'
    | 'forged'
    | 'challenge'
    | 'signature'
  readonly name: string
  readonly verdict: Outcome
  /** OpenSSL may find it first, by its version: then the handshake fails. */
  readonly orFailed?: true
  /** Default: Meta's. */
  readonly identity?: (authorities: Authorities) => ClientIdentity | undefined
  /** Default: 127.0.0.1, which is in the list. */
  readonly address?: string
  /** Default: a good delivery. */
  readonly send?: (visit: Visit) => Promise<Sent>
}

export interface Visit {
  readonly dial: Dial
  readonly identity: ClientIdentity | undefined
  readonly authorities: Authorities
}

export interface Expected {
  readonly outcome: Outcome
  readonly difference: DifferenceName | undefined
}

/** Sends this; without more a good delivery. */
export function deliver(
  { dial }: Visit,
  steps: readonly Step[] = [delivery()],
  options: Partial<ExchangeOptions> = {},
): Promise<Exchange> {
  return exchange({ deadline: 15_000, ...options, dial, steps })
}
