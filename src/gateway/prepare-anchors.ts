// Reads the trust anchors for a generation, with what is wrong or worth a warning about them.
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { type Anchor, loadAnchors } from '../tls/anchors.ts'
import { attempt } from './prepare-files.ts'

/** All of them, whatever their state. Adds to `problems` what stops a start: no active one, too. */
export async function prepareAnchors(
  { client }: Pick<Config, 'client'>,
  problems: Problem[],
  now: Date,
): Promise<readonly Anchor[]> {
  const anchors: Anchor[] = []
  const problemsBefore = problems.length
  for (const [i, source] of client.anchors.entries()) {
    const setting = `client.anchors[${i}]${source.kind === 'file' ? '.file' : ''}`
    const where = source.kind === 'file' ? `${source.file}: ` : ''
    const loaded = await attempt(() => loadAnchors(source, now), problems, {
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
  if (problems.length === problemsBefore && !anchors.some(isActive))
    problems.push({
      setting: 'client.anchors',
      message: 'holds none that is active today: every client would be refused',
      hint: 'look at state, from and until: hubgate anchor list',
    })
  return anchors
}

export function isActive({ state }: Anchor): boolean {
  return state === 'active'
}

/** Days before an anchor's end at which there is a warning, again and again. */
export const ANCHOR_DAYS = [60, 30, 14, 7] as const

/** @param anchors the active ones. */
export function anchorWarnings(anchors: readonly Anchor[], now: Date): Problem[] {
  return [
    ...(anchors.some(({ known }) => known?.current === true) ? [] : [noCurrentRoot()]),
    ...anchors
      .filter(({ certificate }) => daysUntil(certificate.validTo, now) <= ANCHOR_DAYS[0])
      .map((anchor) => endWarning(anchor, now)),
  ]
}

/** That an anchor ends soon, or has ended. */
export function endWarning({ name, certificate }: Anchor, now: Date): Problem {
  const days = daysUntil(certificate.validTo, now)
  return {
    setting: 'client.anchors',
    message: `anchor "${name}" ${days < 0 ? 'is expired' : `expires in ${days} days`}`,
    hint: 'stage its successor as soon as there is one: hubgate anchor add FILE --stage (docs/trust.md)',
  }
}

function noCurrentRoot(): Problem {
  return {
    setting: 'client.anchors',
    message:
      "none is Meta's current root (Meta Outbound API CA 2025-12): Meta's present certificate will be refused",
    hint: 'download it from Meta\'s page "Webhooks / Getting started / mTLS", then: hubgate anchor add FILE --write',
  }
}

/** Whole days; negative where it is over. @param time as X509Certificate gives it. */
export function daysUntil(time: string, now: Date): number {
  return Math.floor((Date.parse(time) - now.getTime()) / 86_400_000)
}
