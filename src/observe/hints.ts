// What to do about a refusal of Meta's own machines: it is most likely a setting of ours, or of the app's.
import type { RefusalCode } from '../domain/refusals.ts'
import type { Ending, Origin } from './audit.ts'

const HINTS: ReadonlyMap<RefusalCode, string> = new Map([
  [
    'CERTIFICATE_MISSING',
    "switch on mutual TLS for the app in Meta's dashboard, or set client.require: deliveries where only the challenge comes without",
  ],
  [
    'CERTIFICATE_UNTRUSTED',
    "if it is Meta's, its root is no anchor here: see hubgate anchor list, then hubgate anchor add FILE",
  ],
])

interface Refusal {
  readonly gate: string | undefined
  readonly code: RefusalCode | undefined
  readonly detail: string
}

/** @returns a hint where a peer inside the allow-list was refused, or would have been, for its certificate. */
export function hintOf(ending: Ending, { prefix }: Origin): string | undefined {
  if (prefix === undefined) return undefined
  const own = ending.gate === 'certificate' ? hintFor(ending) : undefined
  if (own !== undefined || ending.observed.length === 0) return own
  return ending.observed.map(hintFor).find((hint) => hint !== undefined)
}

// Only where the certificate gate spoke: a pin that does not fit is no missing anchor. And where the detail names an anchor
// that would admit, it has said what to do.
function hintFor({ gate, code, detail }: Refusal): string | undefined {
  if (gate !== 'certificate' || code === undefined) return undefined
  return /; (?:staged|retired) anchor "/.test(detail) ? undefined : HINTS.get(code)
}
