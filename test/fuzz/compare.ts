// Whether two outcomes of one script are the same. What may differ is named here, each with its reason, and nowhere else.
import type { Kept } from './lane-world.ts'
import type { Outcome, Script, Seen } from './script.ts'

export interface Comparison {
  /** In words; undefined: the lanes agree. */
  readonly difference: string | undefined
  /** Only what came before the step at which they may part was compared, and what followed by its beginning. */
  readonly loose: boolean
}

export function compare(script: Script, fast: Outcome, general: Outcome): Comparison {
  const broken = [
    ...fast.broken.map((text) => `fast lane: ${text}`),
    ...general.broken.map((text) => `general lane: ${text}`),
  ]
  if (broken.length > 0) return { difference: broken.join('; '), loose: false }
  const parted = mayPart(script, fast, general)
  const found = parted ? looseDifference(script, fast, general) : difference(script, fast, general)
  return { difference: found, loose: parted }
}

// With pipelining the general lane begins the next request while the first is under way; the fast lane leaves it unread until
// the answer is out. So where a reload, a drain, a deadline or the end of the connection falls between, or the budget has no
// room for both, they may treat the later requests differently, and both are right: no client may count on either. Whoever
// sends more than limits.head ahead of an answer is not read on the fast lane, so that its end is not heard of, either.
function mayPart(script: Script, fast: Outcome, general: Outcome): boolean {
  const budget = general.overlapped && script.room !== undefined
  return budget || general.turned !== undefined || fast.turned !== undefined
}

function looseDifference(script: Script, fast: Outcome, general: Outcome): string | undefined {
  const turned = general.turned ?? fast.turned
  const [a, b] = [fast, general].map((outcome) =>
    turned === undefined ? outcome.seen : outcome.before.get(turned),
  )
  if (a === undefined || b === undefined) return 'one lane never came to a step'
  const [first, second] = [a, b]
    .map(({ said }) => beforeOverload(script, said))
    .sort((x, y) => x.length - y.length)
  if (second?.startsWith(first ?? '') === false) return 'answers differ before it mattered'
  // The lane that had no room is ahead of the other by a refusal, and behind by what that would have been.
  const overloaded = script.room !== undefined && [a, b].some(({ said }) => said.includes(OVERLOAD))
  if (turned !== undefined && first !== second && !overloaded)
    return 'one lane has answered more before it mattered'
  const [few = [], more = []] = [a, b]
    .map(({ upstream }) => withoutIds(upstream))
    .sort((x, y) => x.length - y.length)
  for (const text of few) {
    const at = more.indexOf(text)
    if (at === -1) return 'the upstream got something else before it mattered'
    more.splice(at, 1)
  }
  return undefined
}

const OVERLOAD = 'HTTP/1.1 503'

// What one lane has no room for, the other may have room for later.
function beforeOverload(script: Script, said: string): string {
  const text = plain(script, said)
  if (script.room === undefined) return text
  const at = text.indexOf(OVERLOAD)
  return at === -1 ? text : text.slice(0, at)
}

function difference(script: Script, { seen: fastSeen }: Outcome, { seen: generalSeen, overlapped }: Outcome) {
  const closes = overlapped && /\r\nConnection: close\r\n/.test(generalSeen.said)
  const [fast, general] = closes ? [answered(fastSeen), answered(generalSeen)] : [fastSeen, generalSeen]
  if (plain(script, fast.said) !== plain(script, general.said)) return 'answers differ'
  if (fast.over !== general.over) return 'one lane goes on, the other does not'
  // Several at once go to the upstream on connections of their own, in no order that anyone could count on.
  const [first, second] = [fast, general].map(({ upstream }) =>
    overlapped ? withoutIds(upstream).sort() : withoutIds(upstream),
  )
  if (first?.join('\0') !== second?.join('\0')) return 'the upstream got something else'
  // A request that is refused at once has its record before an earlier one that is under way: where there were several at
  // once, records are in the order of the answers.
  const [a, b] = [fast, general].map((seen) => withoutLateWords(overlapped ? byAnswers(seen) : seen.records))
  if (a === undefined || b === undefined) return 'no records'
  const same =
    recordsText(a) === recordsText(b) ||
    (general.said !== '' && recordsText(withoutHalfHead(a)) === recordsText(b)) ||
    (endsInEmptyLine(script) && recordsText(a) === recordsText(withoutHalfHead(b)))
  if (!same) return `records differ: ${recordsText(a)} and ${recordsText(b)}`
  if (unanswered(fast).join() !== unanswered(general).join()) return 'answers and records have other ids'
  return undefined
}

// What the general lane has begun behind an answer that closes is finished or given up, as it happens, and nobody is told.
function answered(seen: Seen): Seen {
  const { said, records, upstream } = seen
  return {
    ...seen,
    records: records.filter(({ ending: { id } }) => said.includes(id)),
    upstream: upstream.filter((text) =>
      said.includes(/\r\nX-Request-Id: ([0-9a-f-]{36})/.exec(text)?.[1] ?? '\0'),
    ),
  }
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

function plain({ steps }: Script, said: string): string {
  const text = said.replaceAll(ID, 'ID').replaceAll(/\r\nDate: [^\r]*/g, '\r\nDate: D')
  // A connection stays on the HTTP server it began with, whose Keep-Alive field is that of its time; the deadline itself is
  // the present one on both lanes.
  const other = steps.some((step) => step.do === 'reload' && step.to === 'idle')
  return other ? text.replaceAll(/timeout=\d+/g, 'timeout=N') : text
}

function withoutIds(texts: readonly string[]): string[] {
  return texts.map((text) => text.replaceAll(ID, 'ID'))
}

/** Those without an answer last, in no order. */
function byAnswers({ records, said }: Seen): readonly Kept[] {
  const placed = records.map((kept) => {
    const at = said.indexOf(`X-Request-Id: ${kept.ending.id}`)
    return { kept, at: at === -1 ? Infinity : at, text: at === -1 ? recordsText([kept]) : '' }
  })
  placed.sort((a, b) => (a.at === b.at ? a.text.localeCompare(b.text) : a.at - b.at))
  return placed.map(({ kept }) => kept)
}

// RFC 9112 §9.6: nothing counts that a client sends behind a request with which it wants to close. The fast lane does not look
// at it; Node's parser complains where it comes before the answer is out, which nobody is told and the record alone keeps.
function withoutLateWords(records: readonly Kept[]): readonly Kept[] {
  return records.filter(({ ending: { detail } }) => detail !== 'parser: Data after `Connection: close`')
}

// The general lane hears of a head that broke off by the bytes since the last answer (Connection.heard), so not of one whose
// beginning came before that answer was out. The fast lane knows what it put back, and has a record of it.
//
// And it takes empty lines before a request line for the beginning of one, which they are not (RFC 9112 §2.2): whoever goes
// after them leaves nothing undone, and has no record on the fast lane.
function withoutHalfHead(records: readonly Kept[]): readonly Kept[] {
  const last = records.at(-1)?.ending
  const half = last?.code === 'CLIENT_ABORTED' && last.detail === 'went away within a request head'
  return half ? records.slice(0, -1) : records
}

function endsInEmptyLine({ steps }: Script): boolean {
  const last = steps.findLast((step) => step.do === 'send')?.bytes.at(-1)
  return last === 0x0d || last === 0x0a
}

function recordsText(records: readonly Kept[]): string {
  return JSON.stringify(records.map(comparable))
}

function comparable({ ending, origin }: Kept) {
  const { bodyBytes, upstreamMs, route } = ending
  return {
    ending: {
      ...ending,
      id: 'ID',
      gatewayMs: 'MS',
      upstreamMs: upstreamMs === undefined ? '' : 'MS',
      // What streams through unsigned is counted until the upstream fails: how far it was by then is chance on either lane.
      bodyBytes: route === '/unsigned' ? '' : bodyBytes,
    },
    origin: { ...origin, connection: 'ID' },
  }
}

/** Ids in answers, and in what the upstream got, that no record has; and how many records there are of each. */
function unanswered({ records, said, upstream }: Seen): string[] {
  const known = new Map(records.map(({ ending }) => [ending.id, 0]))
  const answered = [...said.matchAll(/\r\nX-Request-Id: ([0-9a-f-]{36})/g)].map(([, id]) => id ?? '')
  const strange = answered.filter((id) => !known.has(id))
  const sent = upstream.flatMap((text) => /\r\nX-Request-Id: ([0-9a-f-]{36})/.exec(text)?.[1] ?? [])
  return [...strange.map(() => 'answer'), ...sent.filter((id) => !known.has(id)).map(() => 'upstream')]
}
