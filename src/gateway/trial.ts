// Whether an anchor that is not active would admit a client who was refused: to word and count the refusal, and to see
// before a change of anchors what it will bring. It never admits anybody: its answer is names.
import { type Refused, runGates } from '../gates/run.ts'
import { type Anchor, signersOf } from '../tls/anchors.ts'
import { type ClientCertificate, revocationUnder } from '../tls/client-certificate.ts'
import { chainProblem } from '../tls/seen-chain.ts'
import { type Prepared, trustedBy } from './generation.ts'

interface Trying {
  /** The state that refused it. */
  readonly generation: Prepared
  readonly now: Date
}

/**
 * The staged and retired anchors that a refused client's chain is seen to hang under, where nothing else is wrong with it.
 * Its intermediates are seen: Node 24 hides those of a chain that OpenSSL verified, not of one that it did not.
 *
 * Nobody can burn our time with it: it comes after a handshake, which costs more. A name has to match before a signature
 * is checked, at most `maxDepth` certificates are held against each anchor, and no key is a stranger's own: the anchor's
 * comes first, then those of certificates that hang under it.
 */
export function anchorsThatWould(
  { facts, chain }: ClientCertificate,
  { generation, now }: Trying,
): readonly Anchor[] {
  const { leaf, authorized, resumed } = facts
  if (authorized || resumed || leaf === undefined || leaf === 'unreadable') return []
  const { otherAnchors, config, policy } = generation
  const { maxDepth } = config.client
  const signers = signersOf(chain.slice(0, maxDepth), otherAnchors)
  if (signers === undefined) return []
  return signers.anchors.filter((anchor) => {
    if (chainProblem(signers.below, anchor, { now, maxDepth }) !== undefined) return false
    const revocation = revocationUnder(chain[0], { ...trustedBy(generation), anchors: [anchor] })
    const certificate = { ...facts, authorized: true, error: undefined, revocation }
    return runGates(policy.identity, { certificate }).outcome === 'admit'
  })
}

/** The refusal with what the trial found. */
export function worded<R extends Pick<Refused, 'refusal'>>(refused: R, anchors: readonly Anchor[]): R {
  if (anchors.length === 0) return refused
  const { refusal } = refused
  return { ...refused, refusal: { ...refusal, detail: [refusal.detail, ...anchors.map(inWords)].join('; ') } }
}

// All certificates of one file are promoted together: their names differ in a number only.
function inWords({ name, state }: Anchor): string {
  return state === 'staged'
    ? `staged anchor "${name}" would admit it: hubgate anchor promote ${name.replace(/#\d+$/, '')}`
    : `${state} anchor "${name}" would have admitted it`
}
