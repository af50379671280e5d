// Makes scripts from seeds: requests, good and spoilt, in a row, cut into pieces, with what happens in between.
import { BYTE_MUTATIONS } from './byte-mutations.ts'
import { type Client, type Draft, bytesOf, challenge, clientOf, delivery } from './good-requests.ts'
import { MUTATIONS } from './mutations.ts'
import type { Plan } from './played-upstream.ts'
import { Random } from './random.ts'
import type { Script, Step } from './script.ts'
import { KINDS, RELOADS } from './settings.ts'

/** A script, and which classes of input it belongs to. */
export interface Made {
  readonly script: Script
  readonly classes: readonly string[]
}

const SPLITS = ['whole', 'in two', 'in several', 'by requests', 'byte by byte'] as const
const ENDS = ['silence', 'end', 'reset', 'late'] as const
const EVENTS = ['reload', 'drain', 'room'] as const

/** Every class: a run in which one never came up has not looked at it. */
export const CLASSES: readonly string[] = [
  ...Object.keys(MUTATIONS).map((name) => `mutation: ${name}`),
  ...Object.keys(BYTE_MUTATIONS).map((name) => `bytes: ${name}`),
  ...SPLITS.map((name) => `split: ${name}`),
  'split: every point',
  ...ENDS.map((name) => `end: ${name}`),
  ...EVENTS.map((name) => `event: ${name}`),
  ...RELOADS.map((name) => `reload: ${name}`),
  ...KINDS.map((name) => `settings: ${name}`),
  ...[1, 2, 3, 4, 5].map((count) => `requests: ${count}`),
  'request: good',
  'request: challenge',
  'upstream: at once',
  'upstream: late',
]

const GOES_WELL: readonly Plan[] = [200]
const GOES_AS_IT_MAY: readonly Plan[] = [
  200,
  204,
  500,
  'UPSTREAM_UNREACHABLE',
  200,
  404,
  'UPSTREAM_PROTOCOL',
  503,
]

export function streamOf(seed: number): Made {
  const random = new Random(seed)
  const classes = new Set<string>()
  const kind = random.chance(0.6) ? 'usual' : random.pick(KINDS)
  const atOnce = random.chance(0.7)
  classes.add(`settings: ${kind}`).add(`upstream: ${atOnce ? 'at once' : 'late'}`)
  const requests = requestsOf(random, classes)
  const bytes = spoilt(Buffer.concat(requests), random, classes)
  const pieces = split(bytes, requests, { random, classes })
  const breathes = random.chance(0.7)
  const steps: Step[] = pieces.map((piece) => ({
    do: 'send',
    bytes: piece,
    breathe: breathes || random.chance(0.3),
  }))
  if (!atOnce) for (let i = random.below(4); i > 0; i--) putIn(steps, { do: 'answer' }, random)
  const room = happen(steps, random, classes)
  steps.push(...endOf(random, classes))
  const plans = random.chance(0.6) ? GOES_WELL : random.shuffled(GOES_AS_IT_MAY)
  return { script: { kind, steps, plans, atOnce, room }, classes: [...classes] }
}

/** A short stream cut in two at every point: as many scripts. */
export function everySplit(seed: number): Made[] {
  const random = new Random(seed)
  const classes = new Set<string>(['split: every point'])
  const bytes = spoilt(Buffer.concat(requestsOf(random, classes, 2)), random, classes).subarray(0, 1_500)
  const plans = random.shuffled(GOES_AS_IT_MAY)
  const atOnce = random.chance(0.8)
  return Array.from({ length: Math.max(0, bytes.length - 1) }, (_, i) => {
    const pieces = [bytes.subarray(0, i + 1), bytes.subarray(i + 1)]
    const steps = pieces.map((piece) => ({ do: 'send', bytes: piece, breathe: true }) as const)
    return { script: { kind: 'usual', steps, plans, atOnce, room: undefined }, classes: [...classes] }
  })
}

function requestsOf(random: Random, classes: Set<string>, most = 5): Buffer[] {
  const count = random.chance(0.5) ? 1 : random.between(1, most)
  classes.add(`requests: ${count}`)
  const client = clientOf(random)
  const spoils = random.chance(0.7)
  return Array.from({ length: count }, () => {
    const who = random.chance(0.8) ? client : clientOf(random)
    return bytesOf(
      spoils && random.chance(0.6) ? spoiltRequest(random, who, classes) : good(random, who, classes),
    )
  })
}

function good(random: Random, client: Client, classes: Set<string>): Draft {
  const isChallenge = random.chance(0.06)
  classes.add(isChallenge ? 'request: challenge' : 'request: good')
  return isChallenge ? challenge(random, client) : delivery(random, client)
}

const NAMES = Object.keys(MUTATIONS)

function spoiltRequest(random: Random, client: Client, classes: Set<string>): Draft {
  const draft = random.chance(0.97) ? delivery(random, client) : challenge(random, client)
  for (let i = random.pick([1, 1, 1, 1, 2, 3]); i > 0; i--) {
    const name = random.pick(NAMES)
    classes.add(`mutation: ${name}`)
    MUTATIONS[name]?.(draft, random)
  }
  return draft
}

function spoilt(bytes: Buffer, random: Random, classes: Set<string>): Buffer {
  if (!random.chance(0.2)) return bytes
  let changed = bytes
  for (let i = random.pick([1, 1, 2]); i > 0 && changed.length > 1; i--) {
    const name = random.pick(Object.keys(BYTE_MUTATIONS))
    classes.add(`bytes: ${name}`)
    const other = bytesOf(delivery(random, clientOf(random)))
    changed = BYTE_MUTATIONS[name]?.(changed, random, other) ?? changed
  }
  return changed
}

interface Luck {
  readonly random: Random
  readonly classes: Set<string>
}

function split(bytes: Buffer, requests: readonly Buffer[], { random, classes }: Luck): Buffer[] {
  const short = bytes.length <= 1_200
  const how = random.chance(0.02) && short ? 'byte by byte' : random.pick(SPLITS.slice(0, 4))
  classes.add(`split: ${how}`)
  const cuts: number[] = []
  if (how === 'byte by byte') for (let at = 1; at < bytes.length; at++) cuts.push(at)
  if (how === 'in two') cuts.push(random.below(bytes.length))
  if (how === 'in several')
    for (let i = random.between(2, 9); i > 0; i--) cuts.push(random.below(bytes.length))
  if (how === 'by requests') {
    let at = 0
    for (const request of requests) cuts.push((at += request.length))
  }
  return cutAt(bytes, cuts)
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    if (cut > from && cut <= bytes.length) pieces.push(bytes.subarray(from, cut))
    from = Math.max(from, Math.min(cut, bytes.length))
  }
  return pieces
}

/** @returns the room in memory, where that is what happens. */
function happen(steps: Step[], random: Random, classes: Set<string>): number | undefined {
  if (!random.chance(0.25)) return undefined
  const event = random.pick(EVENTS)
  classes.add(`event: ${event}`)
  if (event === 'room') return random.pick([0, 5, 28, 100, 350, 700, 5_000])
  if (event === 'drain') putIn(steps, { do: 'drain', last: random.chance(0.3) }, random)
  for (let i = event === 'reload' ? random.between(1, 2) : 0; i > 0; i--) {
    const to = random.pick(RELOADS)
    classes.add(`reload: ${to}`)
    putIn(steps, { do: 'reload', to }, random)
  }
  return undefined
}

function putIn(steps: Step[], step: Step, random: Random): void {
  steps.splice(random.between(0, steps.length), 0, step)
}

function endOf(random: Random, classes: Set<string>): Step[] {
  const end = random.chance(0.4) ? 'silence' : random.pick(ENDS)
  classes.add(`end: ${end}`)
  return end === 'silence' ? [] : [{ do: end }]
}
