// Plays streams on both lanes, counts, and stops at the first disagreement with the smallest script that still shows it.
import { compare } from './compare.ts'
import { LaneWorld } from './lane-world.ts'
import { streamSeed } from './random.ts'
import { type Outcome, type Script, play } from './script.ts'
import { KINDS, type Kind } from './settings.ts'
import { shrunk } from './shrink.ts'
import { CLASSES, type Made, everySplit, streamOf } from './streams.ts'

export interface Disagreement {
  /** Of the stream: `--stream` plays it again. */
  readonly seed: number
  readonly difference: string
  readonly script: Script
  readonly fast: Outcome
  readonly general: Outcome
}

export interface Tally {
  streams: number
  bytes: number
  /** Deliveries at the upstream, on the side where the fast lane is. */
  sent: number
  /** Of these, by the fast lane itself. */
  taken: number
  records: number
  /** Streams of which only what came before the lanes may part was compared. */
  loose: number
  readonly classes: Map<string, number>
  disagreement: Disagreement | undefined
}

export interface CampaignOptions {
  readonly streams: number
  readonly seed: number
  readonly onProgress?: (tally: Tally) => void
}

/** One seed in so many is a short stream that is cut at every point. */
const EVERY_SPLIT = 1_500
const PROGRESS = 10_000

export async function campaign({ streams, seed, onProgress }: CampaignOptions): Promise<Tally> {
  const tally = newTally()
  const pairs = new Pairs()
  try {
    for (let i = 0; tally.streams < streams && tally.disagreement === undefined; i++) {
      const own = streamSeed(seed, i)
      for (const made of i % EVERY_SPLIT === 100 ? everySplit(own) : [streamOf(own)]) {
        await one({ made, seed: own, tally, pairs })
        if (tally.streams % PROGRESS === 0) onProgress?.(tally)
        if (tally.disagreement !== undefined || tally.streams >= streams) break
      }
    }
  } finally {
    pairs.end()
  }
  return tally
}

/** Plays the streams of one seed again. */
export async function again(seed: number): Promise<Tally> {
  const tally = newTally()
  const pairs = new Pairs()
  for (const made of [streamOf(seed), ...everySplit(seed)]) {
    await one({ made, seed, tally, pairs })
    if (tally.disagreement !== undefined) break
  }
  pairs.end()
  return tally
}

/** Classes that never came up. */
export function missing({ classes }: Tally): readonly string[] {
  return CLASSES.filter((name) => !classes.has(name))
}

function newTally(): Tally {
  return {
    streams: 0,
    bytes: 0,
    sent: 0,
    taken: 0,
    records: 0,
    loose: 0,
    classes: new Map(),
    disagreement: undefined,
  }
}

interface Turn {
  readonly made: Made
  readonly seed: number
  readonly tally: Tally
  readonly pairs: Pairs
}

async function one({ made: { script, classes }, seed, tally, pairs }: Turn): Promise<void> {
  const { fast, difference, loose } = await pairs.play(script)
  tally.streams += 1
  for (const step of script.steps) if (step.do === 'send') tally.bytes += step.bytes.length
  tally.sent += fast.sent
  tally.taken += fast.taken
  tally.records += fast.seen.records.length
  if (loose) tally.loose += 1
  for (const name of classes) tally.classes.set(name, (tally.classes.get(name) ?? 0) + 1)
  if (difference === undefined) return
  // Smaller, and still the same: not another one on the way.
  const kind = difference.slice(0, 14)
  const small = await shrunk(
    script,
    async (tried) => (await pairs.play(tried)).difference?.startsWith(kind) === true,
  )
  const found = await pairs.play(small)
  tally.disagreement = {
    seed,
    difference: found.difference ?? `${difference} (not the second time)`,
    script: small,
    fast: found.fast,
    general: found.general,
  }
}

/** A gateway of each lane for each kind of settings, used again and again. */
class Pairs {
  readonly #pairs = new Map<Kind, readonly [LaneWorld, LaneWorld]>(
    KINDS.map((kind) => [kind, [new LaneWorld('fast', kind), new LaneWorld('general', kind)]]),
  )

  async play(script: Script) {
    const pair = this.#pairs.get(script.kind)
    if (pair === undefined) throw new Error(`no settings "${script.kind}"`)
    const [fast, general] = await Promise.all([play(pair[0], script), play(pair[1], script)])
    return { fast, general, ...compare(script, fast, general) }
  }

  end(): void {
    for (const world of [...this.#pairs.values()].flat()) world.end()
  }
}
