// Reads the trust anchors and our own certificate for a generation, with what is wrong or worth a warning about them.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { readText } from '../config/read-text.ts'
import { type Anchor, loadAnchors } from '../tls/anchors.ts'
import { type ServerIdentity, tlsOptions } from '../tls/context.ts'
import { attempt } from './prepare-files.ts'

/** Bytes: a chain and its key are some kilobytes. */
const MAX_PEM = 1024 * 1024

export async function prepareAnchors(config: Config, problems: Problem[]): Promise<readonly Anchor[]> {
  const anchors: Anchor[] = []
  for (const [i, source] of config.client.anchors.entries()) {
    const setting = `client.anchors[${i}]${source.kind === 'file' ? '.file' : ''}`
    const where = source.kind === 'file' ? `${source.file}: ` : ''
    const loaded = await attempt(() => loadAnchors(source), problems, {
      setting,
      where,
      hint: 'get it from Meta or from your certificate authority, and check its fingerprint',
    })
    for (const anchor of loaded ?? []) {
      const twin = anchors.find(({ fingerprint }) => fingerprint === anchor.fingerprint)
      if (twin === undefined) anchors.push(anchor)
      else
        problems.push({
          setting,
          message: `${where}is the same certificate as anchor "${twin.name}"`,
          hint: 'remove one',
        })
    }
  }
  return anchors
}

export async function prepareIdentity(
  { tls }: Config,
  anchors: readonly Anchor[],
  problems: Problem[],
): Promise<{ identity: ServerIdentity; certificate: X509Certificate } | undefined> {
  if (tls === undefined) {
    problems.push({
      setting: 'tls',
      message: 'is missing',
      hint: 'a direct front ends TLS itself: give certificate and key',
    })
    return undefined
  }
  const certificate = await attempt(() => readText(tls.certificate, MAX_PEM), problems, {
    setting: 'tls.certificate',
    where: `${tls.certificate}: `,
    hint: 'the PEM file with your certificate and its intermediates',
  })
  const key = await attempt(() => readText(tls.key, MAX_PEM), problems, {
    setting: 'tls.key',
    where: `${tls.key}: `,
    hint: 'the PEM file with the private key',
  })
  if (certificate === undefined || key === undefined) return undefined
  const identity = { certificate, key, minVersion: tls.minVersion }
  const leaf = identityProblem(identity, anchors)
  if (leaf instanceof X509Certificate) return { identity, certificate: leaf }
  problems.push(leaf)
  return undefined
}

function identityProblem(identity: ServerIdentity, anchors: readonly Anchor[]): X509Certificate | Problem {
  const leaf = parsed(() => new X509Certificate(identity.certificate))
  if (leaf === undefined)
    return {
      setting: 'tls.certificate',
      message: 'holds no PEM certificate',
      hint: 'the file must begin with your own certificate',
    }
  const key = parsed(() => createPrivateKey(identity.key))
  if (key === undefined)
    return {
      setting: 'tls.key',
      message: 'holds no PEM private key that can be read',
      hint: 'an encrypted key has to be decrypted first',
    }
  if (!leaf.checkPrivateKey(key))
    return {
      setting: 'tls.key',
      message: 'does not fit tls.certificate',
      hint: 'both have to be of the same issuance',
    }
  try {
    createSecureContext(tlsOptions(identity, anchors))
    return leaf
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'no reason given'
    return {
      setting: 'tls.certificate',
      message: `OpenSSL does not take it: ${reason}`,
      hint: 'RSA keys need 2048 bits, signatures SHA-256',
    }
  }
}

export function anchorWarnings(anchors: readonly Anchor[]): Problem[] {
  const warnings: Problem[] = []
  if (!anchors.some(({ known }) => known?.current === true)) {
    warnings.push({
      setting: 'client.anchors',
      message:
        "none is Meta's current root (Meta Outbound API CA 2025-12): Meta's present certificate will be refused",
      hint: 'download it from Meta\'s page "Webhooks / Getting started / mTLS", then: hubgate anchor add FILE --write',
    })
  }
  for (const { name, certificate } of anchors) {
    const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / 86_400_000)
    if (days < 60)
      warnings.push({
        setting: 'client.anchors',
        message: `anchor "${name}" ${days < 0 ? 'is expired' : `expires in ${days} days`}`,
      })
  }
  return warnings
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
