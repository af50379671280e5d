// Reads our own certificates and keys for a generation, with what is wrong about them.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { CertificateFiles, Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { readText } from '../config/read-text.ts'
import type { Anchor } from '../tls/anchors.ts'
import { type ServerIdentity, type Terms, tryContext } from '../tls/context.ts'
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
  const first = await prepareIdentity('tls', tls, problems)
  const others: ServerIdentity[] = []
  for (const [i, files] of tls.others.entries()) {
    const other = await prepareIdentity(`tls.others[${i}]`, files, problems)
    if (other !== undefined) others.push(other)
  }
  if (first === undefined || others.length < tls.others.length) return undefined
  const terms = { minVersion: tls.minVersion, anchors, maxDepth: client.maxDepth }
  const refused = [first, ...others].flatMap((identity, i) =>
    contextProblems(i === 0 ? 'tls' : `tls.others[${i - 1}]`, { ...terms, identities: [identity] }),
  )
  problems.push(...refused)
  return refused.length === 0 ? { ...terms, identities: [first, ...others] } : undefined
}

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
  return { certificate, key, leaf }
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
