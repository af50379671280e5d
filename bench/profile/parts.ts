// What a CPU profile says, by part: sockets, TLS and other native code, Node's own JavaScript, the log, cryptography, garbage, and
// hubgate's rooms.

/** What `Profiler.stop` gives; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** To each sample from the one before it. */
  readonly timeDeltas: readonly number[]
  readonly startTime: number
  readonly endTime: number
}

export interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

export interface Thread {
  readonly name: string
  readonly isMain: boolean
  /** Microseconds on a core, and of waiting for one. */
  readonly cpu: number
  readonly delayed: number
}

export interface Profile {
  readonly name: string
  /** Whole percents of the main thread's CPU time, 100 together; in the order of the table. */
  readonly shares: readonly { readonly part: string; readonly percent: number }[]
  /** CPU time of all other threads, in percent of the main one's. */
  readonly beside: number
}

const IDLE = 'idle'
const PROFILER = 'the profiler itself'
const PROFILER_FILE = /\/bench\/programs\/profiler\.mjs$/
const OUTSIDE = 'native code outside JavaScript: reading, TLS, waiting for events'
const SOCKETS = 'writing to sockets, TLS included'
const GARBAGE = 'garbage collection, main thread'
const PACKAGES = 'packages'
const REST = 'the rest'
const BESIDE = 'on top: other threads (compiler, garbage collector, libuv)'

interface Rule {
  readonly part: string
  /** Of what no file holds: native functions and V8's own states. */
  readonly names?: RegExp
  /** Of the nearest caller with a file; with `names` both have to fit. */
  readonly url?: RegExp
}

/** The first that fits. A native function that none names counts as part of whoever called it. */
const RULES: readonly Rule[] = [
  { part: IDLE, names: /^\(idle\)$/ },
  { part: OUTSIDE, names: /^\(program\)$/ },
  { part: GARBAGE, names: /^\(garbage collector\)$/ },
  {
    part: SOCKETS,
    names: /^(?:writeBuffer|writev|write(?:Latin1|Utf8|Ascii|Ucs2)String)$/,
    url: /^(?!node:fs$)/,
  },
  { part: 'log output', names: /^write(?:String|Buffer|Buffers)$/, url: /^node:fs$/ },
  { part: 'log output', url: /^node:fs$/ },
  {
    part: 'cryptography: HMAC, comparison, certificates',
    url: /^node:(?:internal\/)?crypto(?:\/|$)/,
  },
  {
    part: 'cryptography: HMAC, comparison, certificates',
    names: /^(?:Hmac|Hash|hash|update|digest|timingSafeEqual)$/,
  },
  { part: "Node's TLS in JavaScript", url: /^node:(?:_?tls|internal\/tls)/ },
  { part: "Node's HTTP", url: /^node:(?:_?http|internal\/http)/ },
  {
    part: "Node's sockets and streams",
    url: /^node:(?:net$|events$|_?stream|internal\/(?:net$|stream|js_stream))/,
  },
  {
    part: "Node's timers and queues",
    url: /^node:(?:timers|internal\/(?:timers|process|async_hooks|priority_queue))/,
  },
  { part: "Node's buffers: copies, text", url: /^node:(?:internal\/)?buffer$/ },
  { part: "Node's other JavaScript", url: /^node:/ },
]

const ROOMS: readonly string[] = [
  'gates',
  'gateway',
  'observe',
  'upstream',
  'domain',
  'tls',
  'allowlist',
  'admin',
  'fronts',
  'config',
  'cli',
]

const ORDER: readonly string[] = [
  ...new Set(RULES.map(({ part }) => part)),
  ...ROOMS.map(roomPart),
  PACKAGES,
  REST,
]

/** The profiler's own. */
const NOT_OURS = /^v8:Prof|^SignalInspector|^SamplerThread/

export function profileOf(
  name: string,
  { profile, threads }: { readonly profile: CpuProfile; readonly threads: readonly Thread[] },
): Profile {
  const main = threads.filter(({ isMain }) => isMain)
  const others = threads.filter((thread) => !thread.isMain && !NOT_OURS.test(thread.name))
  const cpu = sum(main.map((thread) => thread.cpu))
  const times = timesOf(profile, cpu + sum(main.map((thread) => thread.delayed)))
  const percents = wholePercents([...times.values()])
  const shares = [...times.keys()].map((part, index) => ({ part, percent: percents[index] ?? 0 }))
  return {
    name,
    shares: shares.sort((a, b) => ORDER.indexOf(a.part) - ORDER.indexOf(b.part)),
    beside: cpu === 0 ? 0 : Math.round((sum(others.map((thread) => thread.cpu)) / cpu) * 100),
  }
}

/** Microseconds by part, without what was idle. @param busy of the main thread while it was profiled: on a core, or waiting for one. */
export function timesOf(profile: CpuProfile, busy: number): Map<string, number> {
  const partOf = partsOf(profile.nodes)
  const times = new Map<string, number>()
  for (const [id, time] of selfTimes(profile)) {
    const part = partOf.get(id) ?? REST
    times.set(part, (times.get(part) ?? 0) + time)
  }
  // Its start and its end are not among what the threads are asked about.
  times.delete(PROFILER)
  const slept = sum([...times.values()]) - busy
  const idle = times.get(IDLE) ?? 0
  times.delete(IDLE)
  // Node calls itself idle from before it waits until it is back in JavaScript: what it reads and decrypts in between counts as idle, too.
  // The kernel knows how long the thread really slept.
  times.set(OUTSIDE, (times.get(OUTSIDE) ?? 0) + Math.max(0, idle - slept))
  return times
}

/** A sample lasts until the next one, the last one until the end; what came before the first is its own. */
export function selfTimes({ samples, timeDeltas, startTime, endTime }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>()
  let at = startTime
  for (const [index, id] of samples.entries()) {
    const begin = at + (index === 0 ? (timeDeltas[0] ?? 0) : 0)
    // V8 may give samples out of order: then one lasts no time.
    const end = Math.max(begin, index + 1 < samples.length ? begin + (timeDeltas[index + 1] ?? 0) : endTime)
    times.set(id, (times.get(id) ?? 0) + end - at)
    at = end
  }
  return times
}

function partsOf(nodes: readonly ProfileNode[]): Map<number, string> {
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node])))
  const urlsOf = (node: ProfileNode | undefined): string[] =>
    node === undefined ? [] : [node.callFrame.url, ...urlsOf(parents.get(node.id))]
  return new Map(
    nodes.map((node) => {
      const { functionName, url } = node.callFrame
      const urls = urlsOf(node).filter((each) => each !== '')
      if (urls.some((each) => PROFILER_FILE.test(each))) return [node.id, PROFILER]
      return [node.id, partOf({ name: url === '' ? functionName : undefined, url: urls[0] ?? '' })]
    }),
  )
}

/** @param frame its name where no file holds it, and the nearest file of those that called it. */
function partOf({ name, url }: { readonly name: string | undefined; readonly url: string }): string {
  const rule = RULES.find(
    ({ names, url: where }) =>
      (names === undefined || (name !== undefined && names.test(name))) &&
      (where === undefined || where.test(url)),
  )
  if (rule !== undefined) return rule.part
  if (url.includes('/node_modules/')) return PACKAGES
  const room = /\/dist\/([a-z]+)\//.exec(url)?.[1]
  return room === undefined ? REST : roomPart(room)
}

function roomPart(room: string): string {
  return `hubgate: ${room}`
}

/** Rounded so that they are 100 together: the largest remainders are rounded up. */
export function wholePercents(times: readonly number[]): number[] {
  const all = sum(times)
  const exact = times.map((time) => (all === 0 ? 0 : (time / all) * 100))
  const whole = exact.map(Math.floor)
  const missing = all === 0 ? 0 : 100 - sum(whole)
  const remainder = (index: number) => (exact[index] ?? 0) - (whole[index] ?? 0)
  const up = new Set([...exact.keys()].sort((a, b) => remainder(b) - remainder(a)).slice(0, missing))
  return whole.map((percent, index) => percent + (up.has(index) ? 1 : 0))
}

/** A column a profile; parts without a whole percent anywhere are left out. */
export function profileCells(profiles: readonly Profile[]): string[][] {
  const percentOf = ({ shares }: Profile, part: string) =>
    shares.find((share) => share.part === part)?.percent ?? 0
  const parts = [...new Set(profiles.flatMap(({ shares }) => shares.map(({ part }) => part)))]
    .filter((part) => profiles.some((profile) => percentOf(profile, part) > 0))
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
  const row = (title: string, of: (profile: Profile) => number) => [
    title,
    ...profiles.map((profile) => `${of(profile)} %`),
  ]
  return [
    ['part', ...profiles.map(({ name }) => name)],
    ...parts.map((part) => row(part, (profile) => percentOf(profile, part))),
    row(BESIDE, ({ beside }) => beside),
  ]
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
