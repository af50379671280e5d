// What would become of a client that was seen under another set of anchors, as far as its certificates were seen: from 24 on
// Node shows no intermediate of a chain that was verified. Where one decides, that is the answer: it cannot be told.
import { X509Certificate } from 'node:crypto'
import { type Anchor, signedBy } from './anchors.ts'
import type { SeenClient } from './client-book.ts'
import { type ChainTerms, chainProblem, isInTime } from './seen-chain.ts'

export interface Rehearsal {
  readonly outcome: 'admitted' | 'refused' | 'unknown'
  /** Names of the anchors that would admit it. */
  readonly anchors: readonly string[]
  /** Why, in words. */
  readonly detail: string
}

export interface RehearsalTerms extends ChainTerms {
  /** Those that it is tried against. */
  readonly anchors: readonly Anchor[]
  /** Others that are known here, to see where a chain ends. */
  readonly others: readonly Anchor[]
}

export function rehearse(client: SeenClient, terms: RehearsalTerms): Rehearsal {
  const chain = chainOf(client)
  if (chain === undefined) return unknown('the certificate itself was not kept')
  const attempts = chain.flatMap((certificate, i) =>
    terms.anchors
      .filter((anchor) => signedBy(certificate, anchor.certificate))
      .map((anchor) => ({ anchor, problem: chainProblem(chain.slice(0, i + 1), anchor, terms) })),
  )
  const admitting = attempts.filter(({ problem }) => problem === undefined).map(({ anchor }) => anchor)
  if (admitting.length > 0) return admitted(admitting, 'its chain ends there')
  const [failed] = attempts
  if (failed?.problem !== undefined) return refused(failed.problem)
  return asToday(client, chain, terms) ?? outOfSight(chain, terms)
}

// Nobody of these is seen to have issued any of it. But OpenSSL verified it once, under one of the anchors noted then.
function asToday(
  { verdict, anchors: noted }: SeenClient,
  [leaf]: readonly X509Certificate[],
  { anchors, now }: RehearsalTerms,
): Rehearsal | undefined {
  if (verdict !== 'admitted' || noted.length === 0 || leaf === undefined || !isInTime(leaf, now))
    return undefined
  const still = noted.flatMap(({ fingerprint }) => {
    const found = anchors.find((anchor) => anchor.fingerprint === fingerprint)
    return found !== undefined && isInTime(found.certificate, now) ? [found] : []
  })
  return still.length === noted.length ? admitted(still, 'as today: its anchor stays') : undefined
}

function outOfSight(
  chain: readonly X509Certificate[],
  { anchors, others, maxDepth }: RehearsalTerms,
): Rehearsal {
  const end = chain.flatMap((certificate) =>
    others.filter((anchor) => signedBy(certificate, anchor.certificate)),
  )[0]
  if (end !== undefined) return refused(`its chain ends in "${end.name}", which is not among them`)
  if (chain.some(isOwnRoot)) return refused('its chain ends in a root that is not among them')
  // What stands above the last one that was seen has to be an intermediate.
  const room = anchors.filter(({ pathLength = Infinity }) => chain.length <= pathLength)
  if (room.length === 0 || chain.length >= maxDepth)
    return refused('none of them issued it, or lets so many intermediates stand below it')
  return unknown('its intermediate was not seen')
}

// One without the right to issue anything is refused by checkIssued, itself included.
function isOwnRoot(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
  } catch {
    // A key of a kind that this Node does not know.
    return false
  }
}

function chainOf({ certificate, intermediates }: SeenClient): X509Certificate[] | undefined {
  if (certificate === undefined) return undefined
  try {
    return [certificate, ...intermediates].map((der) => new X509Certificate(der))
  } catch {
    return undefined
  }
}

function admitted(anchors: readonly Anchor[], detail: string): Rehearsal {
  return { outcome: 'admitted', anchors: anchors.map(({ name }) => name), detail }
}

function refused(detail: string): Rehearsal {
  return { outcome: 'refused', anchors: [], detail }
}

function unknown(why: string): Rehearsal {
  return { outcome: 'unknown', anchors: [], detail: `cannot be told: ${why}` }
}
