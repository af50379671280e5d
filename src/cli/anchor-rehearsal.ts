// Plays one client through a rehearsal: the gates that ask for more than an anchor first, then the anchors.
import type { Config } from '../config/config.ts'
import { certificate } from '../gates/certificate.ts'
import { commonName } from '../gates/common-name.ts'
import { pins } from '../gates/pins.ts'
import { type PhaseVerdict, runGates } from '../gates/run.ts'
import type { Anchor } from '../tls/anchors.ts'
import type { SeenClient } from '../tls/client-book.ts'
import { readLeaf } from '../tls/read-leaf.ts'
import { type Rehearsal, rehearse } from '../tls/rehearsal.ts'

export interface Cast {
  readonly client: Pick<Config['client'], 'commonNames' | 'pins' | 'maxDepth'>
  /** Those of the rehearsal. */
  readonly anchors: readonly Anchor[]
  /** All of the configuration. */
  readonly others: readonly Anchor[]
  readonly now: Date
}

export interface Played {
  readonly client: SeenClient
  readonly isAdmitted: boolean
  /** How it is now, in words. */
  readonly today: string
  readonly rehearsed: Rehearsal
}

export function play(client: SeenClient, cast: Cast): Played {
  const { notBefore, notAfter, verdict, code, anchors } = client
  const isValid = notBefore <= cast.now && cast.now <= notAfter
  const isAdmitted = verdict === 'admitted' && isValid
  const names = anchors.length === 0 ? '' : ` by ${anchors.map(({ name }) => name).join(' or ')}`
  const last = verdict === 'admitted' ? `admitted${names}` : `refused: ${code ?? 'no reason kept'}`
  return {
    client,
    isAdmitted,
    today: verdict === 'admitted' && !isValid ? 'refused: CERTIFICATE_EXPIRED since it was seen' : last,
    rehearsed: rehearsed(client, cast),
  }
}

function rehearsed(client: SeenClient, { client: asked, ...terms }: Cast): Rehearsal {
  // Whoever issued it has taken it back: other anchors change nothing about that.
  if (client.code === 'CERTIFICATE_REVOKED') return refused('CERTIFICATE_REVOKED, whatever its anchor')
  const { certificate: der } = client
  const verdict = der === undefined ? undefined : beyondAnchors(der, asked)
  if (verdict?.outcome === 'refuse')
    return refused(`${verdict.refusal.code}, whatever its anchor: ${verdict.refusal.detail}`)
  return rehearse(client, { ...terms, maxDepth: asked.maxDepth })
}

function refused(detail: string): Rehearsal {
  return { outcome: 'refused', anchors: [], detail }
}

// As if OpenSSL had verified it: what the gates themselves ask of a leaf.
function beyondAnchors(der: Uint8Array, asked: Cast['client']): PhaseVerdict {
  const gates = [
    certificate({ absentMayWait: false }),
    commonName(asked.commonNames, { absentMayWait: false }),
    ...(asked.pins.length === 0 ? [] : [pins(asked.pins)]),
  ]
  const facts = { authorized: true, error: undefined, resumed: false, revocation: undefined }
  return runGates(
    gates.map((gate) => ({ gate, observed: false })),
    { certificate: { ...facts, leaf: readLeaf(der) } },
  )
}
