// What a name in a certificate looks like to nginx ($ssl_client_s_dn), for tests that match text.
import type { Pki } from '../support/world.ts'
import { type Authorities, type Case, oddAnchors } from '../tls/cases/case.ts'
import { NAMES } from '../tls/cases/names.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'

export interface Named {
  readonly name: string
  readonly identity: (pki: Pki) => ClientIdentity | undefined
  readonly admitted: boolean
}

/** Every name that Node's own client can present, and whether it is the right one. */
export const NAMED: readonly Named[] = NAMES.filter(({ raw }) => raw !== true).map(toNamed)

const odd = oddAnchors()

function toNamed({ name, present, verdict }: Case): Named {
  const authorities = (pki: Pki): Authorities => ({ meta: pki.meta, digicert: pki.digicert, odd })
  return { name, identity: (pki) => present(authorities(pki)), admitted: verdict === 'admitted' }
}
