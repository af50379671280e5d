// Reads for each request what the front in front of it tells of its client, and has the certificate verified here. Kept for a
// generation: what was read of the same field values is not read again, and a chain is verified once in a while.
import type { Address } from '../domain/address.ts'
import type { CertificateFacts } from '../domain/facts.ts'
import type { Fields } from '../domain/fields.ts'
import type { Refuse } from '../domain/verdict.ts'
import { type Front, type Presented, readFront } from '../fronts/front.ts'
import { FRONTS } from '../fronts/fronts.ts'
import { trustedPeers } from '../gates/trusted-peer.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import { Memo } from '../tls/memo.ts'
import { ChainVerifier } from '../tls/verify-chain.ts'
import { type Prepared, trustedBy } from './generation.ts'

/** Whose request it is, by the front. */
export interface FrontedClient {
  readonly outcome: 'read'
  readonly address: Address
  readonly certificate: ClientCertificate
}

export interface FrontReader {
  readonly read: (fields: Fields) => Promise<FrontedClient | Refuse<'FRONT_FIELDS_INVALID'>>
}

/** Field values are up to `limits.head` long. */
const KEPT = { entries: 256, life: 600_000 }

/** @returns undefined where the front is `direct`. */
export function frontReader(prepared: Prepared): FrontReader | undefined {
  const { listen, client } = prepared.config
  if (listen.front === 'direct') return undefined
  const front = remembering(FRONTS[listen.front])
  const { prefixes } = trustedPeers(listen.trustedPeers)
  const isTrusted = (address: Address) => prefixes.find(address) !== undefined
  const verifier = new ChainVerifier({
    ...trustedBy(prepared),
    maxDepth: client.maxDepth,
    known: prepared.revocation.intermediates,
  })
  return {
    read: async (fields) => {
      const read = readFront(front, fields, isTrusted)
      if (read.outcome === 'refuse') return read
      const presented = mayPass(prepared, read.address) ? read.certificate : NONE
      return { ...read, certificate: await judged(verifier, presented) }
    },
  }
}

const NONE: Presented = { kind: 'none' }

// The source gate refuses it right after; until then nobody from elsewhere makes us verify anything.
function mayPass({ config, prefixes }: Prepared, address: Address): boolean {
  return config.sources.mode !== 'enforce' || prefixes.find(address) !== undefined
}

function remembering(front: Front): Front {
  const memo = new Memo<Presented>(KEPT)
  const names = front.fields.filter(({ address }) => address !== true).map(({ name }) => name.toLowerCase())
  return {
    ...front,
    certificate: (fields) =>
      memo.get(JSON.stringify(names.map((name) => fields.all(name))), () => front.certificate(fields)),
  }
}

async function judged(verifier: ChainVerifier, presented: Presented): Promise<ClientCertificate> {
  if (presented.kind === 'none') return without({})
  if (presented.kind === 'subject') {
    const { subject, commonNames, validity } = presented
    return without({ asserted: { subject, commonNames }, error: timeError(validity, new Date()) })
  }
  const { chain, frontError } = presented
  const verified = await verifier.verify(chain)
  // What we refuse ourselves has the better words. What only the front refuses (it may know a list that we do not) stays refused.
  if (frontError === undefined || !verified.facts.authorized) return verified
  return { ...verified, facts: { ...verified.facts, authorized: false, error: frontError } }
}

// By OpenSSL's names. An ALB set to ignore that a certificate expired still says when it did.
function timeError(
  validity: Extract<Presented, { kind: 'subject' }>['validity'],
  now: Date,
): string | undefined {
  if (validity === undefined) return undefined
  if (now < validity.from) return 'CERT_NOT_YET_VALID'
  return now > validity.until ? 'CERT_HAS_EXPIRED' : undefined
}

function without(more: Partial<Pick<CertificateFacts, 'asserted' | 'error'>>): ClientCertificate {
  const facts = {
    leaf: undefined,
    authorized: false,
    error: undefined,
    resumed: false,
    revocation: undefined,
  }
  return { facts: { ...facts, ...more }, anchors: [], der: undefined, chain: [] }
}
