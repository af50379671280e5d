// A world whose gateway believes in another day than OpenSSL does, for tests of what happens with time to its anchors.
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { AnchorLife, Config } from '../../src/config/config.ts'
import { type HeldUpstream, startHeldUpstream } from './held-upstream.ts'
import { sendAs } from './identity.ts'
import { type World, fileAnchor, pki, startWorld } from './world.ts'

const DAY = 86_400_000

/** A look of the gateway takes two seconds at most. */
export const WITHIN = { timeout: 20_000, interval: 50 }

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** At the end of the test, before what was begun earlier ends. */
export function atEnd(end: () => Promise<unknown>): void {
  ends.push(end)
}

export interface Dated {
  readonly world: World
  readonly upstream: HeldUpstream
  /** From now on it is so many days from today. */
  readonly to: (days: number) => void
}

export interface DatedOptions {
  readonly meta?: Partial<AnchorLife>
  readonly digicert?: Partial<AnchorLife>
  readonly change?: (config: Config) => Config
  readonly files?: Readonly<Record<string, string>>
}

/** With the anchors meta-lab and digicert-lab, active unless said otherwise. */
export async function startDated({
  meta,
  digicert,
  change = (config) => config,
  files = {},
}: DatedOptions = {}): Promise<Dated> {
  let days = 0
  const upstream = await startHeldUpstream()
  atEnd(() => upstream.close())
  const world = await startWorld({
    upstream: upstream.url,
    files,
    clock: () => new Date(Date.now() + days * DAY),
    change: (config) => {
      const file = (name: string) => join(config.state, name)
      const anchors = [
        fileAnchor('meta-lab', file('meta.pem'), meta),
        fileAnchor('digicert-lab', file('digicert.pem'), digicert),
      ]
      return change({ ...config, client: { ...config.client, anchors } })
    },
  })
  atEnd(() => world.end())
  return { world, upstream, to: (day) => void (days = day) }
}

export function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY)
}

/** Long enough for another look. */
export function anotherLook(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 2_500))
}

export function timesLogged({ logged }: World, text: string): number {
  return logged().split(text).length - 1
}

/** Of the answer to a good delivery with a new certificate; undefined: none came. */
export async function status(world: World, from: 'meta' | 'digicert'): Promise<number | undefined> {
  const made = await pki()
  const { answers } = await sendAs(world, { identity: made[from].client() })
  return answers[0]?.status
}
