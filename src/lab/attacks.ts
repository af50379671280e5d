// The catalogue: every hostile case the lab plays, in the order of the gates they should meet.
import type { Attack } from './attacks/attack.ts'
import { challengeAttacks } from './attacks/challenge.ts'
import { commonNameAttacks } from './attacks/common-name.ts'
import { connectionAttacks } from './attacks/connection.ts'
import { framingAttacks, parserAttacks } from './attacks/framing.ts'
import { handshakeAttacks } from './attacks/handshake.ts'
import { certificateAttacks } from './attacks/identity.ts'
import { requestAttacks, slowBodyAttacks } from './attacks/request.ts'
import { signatureAttacks } from './attacks/signature.ts'

export type { Attack, AttackContext, AttackLimits, Authorities, Expected } from './attacks/attack.ts'

export const ATTACKS: readonly Attack[] = [
  ...connectionAttacks,
  ...handshakeAttacks,
  ...certificateAttacks,
  ...commonNameAttacks,
  ...parserAttacks,
  ...framingAttacks,
  ...requestAttacks,
  ...challengeAttacks,
  ...signatureAttacks,
  ...slowBodyAttacks,
]

/** @returns the attack of that id, or undefined. */
export function attackNamed(id: string): Attack | undefined {
  return ATTACKS.find((attack) => attack.id === id)
}
