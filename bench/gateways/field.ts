// All contestants that are there, running and checked, before one upstream and with one set of certificates.
import { CheckFailed, type Context } from '../benchmark.ts'
import { type Programs, makePrograms } from '../native.ts'
import { WrongUse } from '../options.ts'
import { TELLS } from '../process-tree.ts'
import { checkContestant } from './checks.ts'
import { type Contestant, type Entry, NAMES, type Name } from './contestant.ts'
import { haproxy } from './haproxy.ts'
import { generalLane, hubgate } from './hubgate.ts'
import {
  type KeyKind,
  type Material,
  type MaterialOptions,
  SIZES,
  deliveriesOf,
  makeMaterial,
} from './material.ts'
import { nginxes } from './nginx.ts'
import { floor, httpProxy } from './node.ts'
import { type Upstream, startUpstream } from './upstream.ts'

const ENTRIES: readonly Entry[] = [floor, hubgate, generalLane, httpProxy, ...nginxes, haproxy]

export interface FieldOptions {
  readonly key: KeyKind
  /** Of the allow-list. */
  readonly prefixes: number
  readonly contestants: readonly Name[]
}

export interface Field {
  readonly material: Material
  readonly upstream: Upstream
  readonly programs: Programs
  readonly contestants: readonly Contestant[]
  /** Who is not there, and how to get that. */
  readonly leftOut: readonly string[]
  /** What was seen to be right. */
  readonly checked: readonly string[]
}

/** @throws CheckFailed where one of them does not do its job. */
export async function startField(context: Context, options: FieldOptions): Promise<Field> {
  const { cleanup, say } = context
  demandLinux()
  const programs = await programsOf(context)
  const material = await makeMaterial(cleanup, options)
  const upstream = await startUpstream(programs, cleanup)
  const surroundings = { ...context, material, upstream }
  const contestants: Contestant[] = []
  const leftOut: string[] = []
  const wanted = NAMES.flatMap((name) =>
    options.contestants.includes(name) ? ENTRIES.filter((entry) => entry.name === name) : [],
  )
  for (const entry of wanted) {
    const missing = entry.missing()
    if (missing === undefined) contestants.push(await entry.start(surroundings))
    else leftOut.push(`${entry.name} is left out: ${missing}`)
  }
  for (const line of leftOut) say(line)
  say(`checking ${contestants.map(({ name }) => name).join(', ')}`)
  const checked = await checkAll({ material, upstream, contestants })
  return { material, upstream, programs, contestants, leftOut, checked }
}

/** @throws WrongUse */
export function demandLinux(): void {
  if (TELLS) return
  throw new WrongUse(
    'the scenes read CPU time and memory from /proc',
    'run them on Linux; prefixes and allowlist run anywhere',
  )
}

/** One field for all scenes that need the same. */
export async function sharedField(
  context: Context,
  { key = 'p-256', prefixes = 1_000 }: MaterialOptions,
): Promise<Field> {
  const { made, cleanup } = context.shared
  const options: FieldOptions = { key, prefixes, contestants: contestantsWith(key, prefixes) }
  const name = `${key} ${prefixes}`
  const known = made.get(name) ?? startField({ ...context, cleanup }, options)
  made.set(name, known)
  // Whatever has this name was put there by the line above.
  return known as Promise<Field>
}

function contestantsWith(key: KeyKind, prefixes: number): readonly Name[] {
  const usual: readonly Name[] = [
    'floor',
    'hubgate',
    'http-proxy',
    'nginx + njs',
    'HAProxy',
    'nginx, no signature',
  ]
  if (prefixes > 1_000) return ['hubgate', 'http-proxy', 'HAProxy']
  return key === 'p-256' ? [...usual, 'hubgate, general lane', 'nginx + lua'] : usual
}

/** Compiled once a run. */
export function programsOf({ shared: { made, cleanup }, say }: Context): Promise<Programs> {
  const known = made.get('programs') ?? Promise.resolve(makePrograms(cleanup, say))
  made.set('programs', known)
  // Whatever has this name was put there by the line above.
  return known as Promise<Programs>
}

async function checkAll({
  material,
  upstream,
  contestants,
}: Pick<Field, 'material' | 'upstream' | 'contestants'>): Promise<string[]> {
  const of = (bytes: number) => deliveriesOf(bytes, material.secret, 1)
  const [first, ...others] = Object.values(SIZES).flatMap(of)
  if (first === undefined) throw new CheckFailed('no delivery to check with')
  await upstream.keep(true)
  const seen: string[] = []
  for (const contestant of contestants)
    seen.push(...(await checkContestant({ contestant, material, upstream, deliveries: [first, ...others] })))
  await upstream.keep(false)
  return seen
}
