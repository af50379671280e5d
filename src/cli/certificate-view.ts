// Our own certificates as a client out there sees them: by a handshake in memory for each name, with the public roots
// that come with Node. What is trusted is OpenSSL's to say, and put into words here.
import {
  FULL_CHAIN,
  type Warning,
  chainWarnings,
  identitySetting,
  timeWarnings,
} from '../gateway/prepare-identity.ts'
import { subjectOf } from '../tls/anchors.ts'
import { type ServerIdentity, type Terms, createTlsServer } from '../tls/context.ts'
import { type Handshake, type InMemoryClient, inMemory } from '../tls/in-memory.ts'
import { askedFor, dnsNames, ownChain } from '../tls/own-chain.ts'

export interface CertificateView {
  /** Where it is configured. */
  readonly setting: string
  readonly names: readonly string[]
  readonly notBefore: string
  readonly notAfter: string
  readonly daysLeft: number
  readonly key: string
  /** Subjects, in the order in which they are sent. */
  readonly chain: readonly string[]
  readonly complete: boolean
  readonly publiclyTrusted: boolean
  /** What keeps deliveries away. */
  readonly problems: readonly Warning[]
  /** What is only worth knowing. */
  readonly notes: readonly Warning[]
}

export async function viewsOf(terms: Terms, now: Date): Promise<readonly CertificateView[]> {
  const gateway = inMemory(createTlsServer(terms))
  const views: CertificateView[] = []
  for (const [i, identity] of terms.identities.entries()) {
    const alone = inMemory(createTlsServer({ ...terms, identities: [identity] }))
    views.push(await viewOf(identity, { terms, index: i, gateway, alone, now }))
  }
  return views
}

interface Surroundings {
  readonly terms: Terms
  readonly index: number
  /** With all certificates, and with this one only. */
  readonly gateway: InMemoryClient
  readonly alone: InMemoryClient
  readonly now: Date
}

async function viewOf(identity: ServerIdentity, around: Surroundings): Promise<CertificateView> {
  const { leaf, certificate } = identity
  const { terms, index, alone, now } = around
  const names = dnsNames(leaf)
  const { sent, complete } = ownChain(certificate)
  const trials = await trialsOf(identity, around)
  // Where it has no name it still has a chain.
  const judged = names.length > 0 ? trials.map(({ own }) => own) : [await alone({})]
  const publiclyTrusted = judged.every(({ error }) => error === undefined || error === NAME_DIFFERS)
  const expired = judged.some(({ error }) => error === 'CERT_HAS_EXPIRED' || error === 'CERT_NOT_YET_VALID')
  return {
    setting: `${identitySetting(index)}.certificate`,
    names,
    notBefore: dateOf(leaf.validFrom),
    notAfter: dateOf(leaf.validTo),
    daysLeft: Math.floor((Date.parse(leaf.validTo) - now.getTime()) / 86_400_000),
    key: keyOf(identity),
    chain: sent.map(subjectOf),
    complete: complete || publiclyTrusted,
    publiclyTrusted,
    problems: [
      ...unlike(judged.filter(({ error }) => error !== NAME_DIFFERS)).map((code) => wordsFor(code, complete)),
      ...trials.flatMap(({ name, own }) =>
        own.error === NAME_DIFFERS ? [{ message: `does not fit ${name}, which it names`, hint: PUBLIC }] : [],
      ),
      ...chainWarnings(identity, now),
    ],
    notes: [...(expired ? [] : timeWarnings(identity, now)), ...shadowed(trials, terms)],
  }
}

interface Trial {
  readonly name: string
  /** What a client gets that asks for the name. */
  readonly shown: Handshake
  /** The same where this certificate alone is there. */
  readonly own: Handshake
}

async function trialsOf(
  { leaf }: ServerIdentity,
  { gateway, alone }: Surroundings,
): Promise<readonly Trial[]> {
  const trials: Trial[] = []
  for (const name of dnsNames(leaf)) {
    const servername = askedFor(name)
    const shown = await gateway({ servername })
    const isOwn = shown.certificate?.fingerprint256 === leaf.fingerprint256
    trials.push({ name, shown, own: isOwn ? shown : await alone({ servername }) })
  }
  return trials
}

// An earlier certificate covers the name, too.
function shadowed(trials: readonly Trial[], { identities }: Terms): Warning[] {
  return trials
    .filter(({ shown, own }) => shown !== own)
    .map(({ name, shown }) => {
      const at = identities.findIndex(({ leaf }) => leaf.fingerprint256 === shown.certificate?.fingerprint256)
      return { message: `who asks for ${name} is shown ${identitySetting(at)}.certificate` }
    })
}

const NAME_DIFFERS = 'ERR_TLS_CERT_ALTNAME_INVALID'
const PUBLIC = "Meta delivers only where a public authority vouches for the name: for example Let's Encrypt"

const WORDS: Readonly<Record<string, Warning>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: { message: 'is self-signed', hint: PUBLIC },
  SELF_SIGNED_CERT_IN_CHAIN: { message: 'leads to a root that is not public', hint: PUBLIC },
  CERT_HAS_EXPIRED: { message: 'is expired, or an authority above it is', hint: 'renew it' },
  CERT_NOT_YET_VALID: {
    message: 'is not valid yet, or an authority above it is not',
    hint: 'look at the clock of this machine',
  },
  INVALID_PURPOSE: { message: 'is not for servers', hint: PUBLIC },
}

const NO_ISSUER: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function wordsFor(code: string, complete: boolean): Warning {
  if (NO_ISSUER.has(code))
    return complete
      ? {
          message:
            'leads to no public root: a private authority issued it, or a further intermediate is missing',
          hint: `${FULL_CHAIN}; ${PUBLIC}`,
        }
      : { message: 'is sent without the intermediate that issued it', hint: FULL_CHAIN }
  return WORDS[code] ?? { message: `is not trusted: OpenSSL says ${code}`, hint: PUBLIC }
}

function unlike(handshakes: readonly Handshake[]): readonly string[] {
  return [...new Set(handshakes.flatMap(({ error }) => (error === undefined ? [] : [error])))]
}

function dateOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10)
}

function keyOf({ leaf }: ServerIdentity): string {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails: details } = leaf.publicKey
  const size = details?.modulusLength ?? details?.namedCurve
  return size === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${size}`
}
