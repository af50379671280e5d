// Reads our own certificates and keys for a generation, with what is wrong about them.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { CertificateFiles, Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { readText } from '../config/read-text.ts'
import { subjectOf, type Anchor } from '../tls/anchors.ts'
import { type ServerIdentity, type Terms, tryContext } from '../tls/context.ts'
import { dnsNames, ownChain } from '../tls/own-chain.ts'
import { daysUntil } from './prepare-anchors.ts'
import { attempt } from './prepare-files.ts'

/** Bytes: a chain and its key are some kilobytes. */
const MAX_PEM = 1024 * 1024

/** @returns what the TLS server is made with; undefined after adding to `problems`. */
export async function prepareTerms(
  { tls, client }: Config,
  anchors: readonly Anchor[],
  problems: Problem[],
): Promise<Terms | undefined> {
  if (tls === undefined) {
    problems.push({
      setting: 'tls',
      message: 'is missing',
      hint: 'a direct front ends TLS itself: give certificate and key',
    })
    return undefined
  }
  const first = await prepareIdentity(identitySetting(0), tls, problems)
  const others: ServerIdentity[] = []
  for (const [i, files] of tls.others.entries()) {
    const other = await prepareIdentity(identitySetting(i + 1), files, problems)
    if (other !== undefined) others.push(other)
  }
  if (first === undefined || others.length < tls.others.length) return undefined
  const terms = { minVersion: tls.minVersion, anchors, maxDepth: client.maxDepth }
  const refused = [first, ...others].flatMap((identity, i) =>
    contextProblems(identitySetting(i), { ...terms, identities: [identity] }),
  )
  problems.push(...refused)
  return refused.length === 0 ? { ...terms, identities: [first, ...others] } : undefined
}

/** Where the one at `index` among the terms' identities is configured. */
export function identitySetting(index: number): string {
  return index === 0 ? 'tls' : `tls.others[${index - 1}]`
}

/** Days before the end of a certificate of ours at which there is a warning, again and again. */
export const IDENTITY_DAYS = [30, 14, 7, 3, 1] as const

/** What will not work for long, or not for everybody. */
export function identityWarnings(identities: Terms['identities'], now: Date): Problem[] {
  return identities.flatMap((identity, i) => {
    const setting = `${identitySetting(i)}.certificate`
    const warnings = [
      ...timeWarnings(identity, now),
      ...missingWarnings(identity),
      ...chainWarnings(identity, now),
    ]
    return warnings.map(({ message, hint }) => ({ setting, message, hint }))
  })
}

export type Warning = Omit<Problem, 'setting'>

export function timeWarnings({ leaf }: ServerIdentity, now: Date): Warning[] {
  if (Date.parse(leaf.validFrom) > now.getTime())
    return [
      {
        message: `is not valid before ${new Date(leaf.validFrom).toISOString()}: until then nobody gets through`,
        hint: 'look at the clock of this machine, or use the certificate from before',
      },
    ]
  const days = daysUntil(leaf.validTo, now)
  if (days > IDENTITY_DAYS[0]) return []
  return [
    {
      message: days < 0 ? 'is expired: Meta delivers nothing' : `expires ${inDays(days)}`,
      hint: 'renew it; the new files are taken up by themselves once they are in place',
    },
  ]
}

function inDays(days: number): string {
  if (days === 0) return 'today'
  return days === 1 ? 'in 1 day' : `in ${days} days`
}

/** Whether or not a client that knows the roots could verify it: what else is wrong with what is sent. */
export function chainWarnings({ certificate, leaf }: ServerIdentity, now: Date): Warning[] {
  const { path, inOrder } = ownChain(certificate)
  const past = path.slice(1).filter(({ validTo }) => daysUntil(validTo, now) < 0)
  return [
    ...(inOrder
      ? []
      : [
          {
            message: 'is out of order: some clients cannot verify it',
            hint: 'your own certificate first, then the one that issued it, and so on',
          },
        ]),
    ...past.map((one) => ({
      message: `holds an expired certificate of an authority: ${subjectOf(one)}`,
      hint: 'get the present chain from your certificate authority',
    })),
    ...(dnsNames(leaf).length > 0
      ? []
      : [
          {
            message: 'covers no DNS name: Meta verifies the name that it calls',
            hint: 'get one whose subjectAltName holds the name of your callback URL',
          },
        ]),
  ]
}

// Its own issuer may be a root: only a handshake against the roots would tell (`hubgate certificate check`).
function missingWarnings({ certificate }: ServerIdentity): Warning[] {
  if (ownChain(certificate).complete) return []
  return [{ message: 'holds no intermediate: Meta may not be able to verify it', hint: FULL_CHAIN }]
}

/** What to do where the intermediates are missing. */
export const FULL_CHAIN = 'give the whole chain: with certbot fullchain.pem, not cert.pem'

async function prepareIdentity(
  setting: string,
  files: CertificateFiles,
  problems: Problem[],
): Promise<ServerIdentity | undefined> {
  const certificate = await attempt(() => readText(files.certificate, MAX_PEM), problems, {
    setting: `${setting}.certificate`,
    where: `${files.certificate}: `,
    hint: 'the PEM file with your certificate and its intermediates',
  })
  const key = await attempt(() => readText(files.key, MAX_PEM), problems, {
    setting: `${setting}.key`,
    where: `${files.key}: `,
    hint: 'the PEM file with the private key',
  })
  if (certificate === undefined || key === undefined) return undefined
  const read = readIdentity(setting, certificate, key)
  if ('leaf' in read) return read
  problems.push(read)
  return undefined
}

function readIdentity(setting: string, certificate: string, key: string): ServerIdentity | Problem {
  const leaf = parsed(() => new X509Certificate(certificate))
  if (leaf === undefined)
    return {
      setting: `${setting}.certificate`,
      message: 'holds no PEM certificate',
      hint: 'the file must begin with your own certificate',
    }
  const privateKey = parsed(() => createPrivateKey(key))
  if (privateKey === undefined)
    return {
      setting: `${setting}.key`,
      message: 'holds no PEM private key that can be read',
      hint: 'an encrypted key has to be decrypted first',
    }
  if (!leaf.checkPrivateKey(privateKey))
    return {
      setting: `${setting}.key`,
      message: `does not fit ${setting}.certificate`,
      hint: 'both have to be of the same issuance',
    }
  const wrong = chainProblem(certificate)
  if (wrong !== undefined)
    return {
      setting: `${setting}.certificate`,
      message: wrong,
      hint: 'compare the file with what your certificate authority gave you',
    }
  return { certificate, key, leaf }
}

// OpenSSL takes what comes before, and says nothing.
function chainProblem(certificate: string): string | undefined {
  const begun = certificate.split('-----BEGIN CERTIFICATE-----').length - 1
  const chain = parsed(() => ownChain(certificate))
  if (chain === undefined) return 'holds a block that is no whole certificate'
  return chain.sent.length < begun ? 'holds a block that is cut off' : undefined
}

function contextProblems(setting: string, terms: Terms): Problem[] {
  try {
    tryContext(terms)
    return []
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'no reason given'
    return [
      {
        setting: `${setting}.certificate`,
        message: `OpenSSL does not take it: ${reason}`,
        hint: 'RSA keys need 2048 bits, signatures SHA-256',
      },
    ]
  }
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
