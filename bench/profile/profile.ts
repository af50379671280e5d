// Benchmark: where hubgate's CPU time goes. A gateway for each scene, warmed up, with V8's sampling profiler on while it is under load.
import { type Benchmark, CheckFailed, type Context, type Outcome } from '../benchmark.ts'
import { Cleanup } from '../cleanup.ts'
import { checkContestant } from '../gateways/checks.ts'
import { demandLinux, programsOf } from '../gateways/field.ts'
import { startHubgate } from '../gateways/hubgate.ts'
import { Lane, type Request } from '../gateways/lane.ts'
import { type Material, SIZES, deliveriesOf, makeMaterial } from '../gateways/material.ts'
import { good } from '../gateways/requests.ts'
import { type Upstream, startUpstream } from '../gateways/upstream.ts'
import { Window } from '../gateways/window.ts'
import type { Programs } from '../native.ts'
import { type CpuProfile, type Profile, type Thread, profileOf } from './parts.ts'

/** Times in milliseconds. */
const FULL = { warmUp: 3_000, window: 6_000 } as const
const QUICK = { warmUp: 0, window: 0 } as const
/** Microseconds between two samples. */
const INTERVAL = 1_000

interface Subject {
  /** Of the scene. */
  readonly name: string
  readonly fastLane: boolean
  readonly size: number
  readonly requests: (material: Material) => Request[]
  readonly mode: 'kept' | 'fresh'
  readonly connections: number
}

const ONE = {
  name: '1k5',
  fastLane: true,
  size: SIZES['1.5 KB'],
  requests: good(SIZES['1.5 KB'], 16),
  mode: 'kept',
  connections: 32,
} as const

/** As in the scenes of the same names. */
export const SUBJECTS: readonly Subject[] = [
  ONE,
  { ...ONE, name: '1k5, general lane', fastLane: false },
  { ...ONE, name: '64k', size: SIZES['64 KB'], requests: good(SIZES['64 KB'], 16) },
  { ...ONE, name: '3m', size: SIZES['3 MB'], requests: good(SIZES['3 MB'], 4), connections: 8 },
  { ...ONE, name: 'handshake-p256', mode: 'fresh', connections: 16 },
]

export const profile: Benchmark = {
  name: 'profile',
  title: "Where hubgate's CPU time goes: shares of the main thread's, by part",
  apart: true,
  run,
}

interface Surroundings {
  readonly material: Material
  readonly upstream: Upstream
  readonly programs: Programs
}

async function run(context: Context): Promise<Outcome> {
  demandLinux()
  const { cleanup, cores, quick, say } = context
  const material = await makeMaterial(cleanup)
  const programs = await programsOf(context)
  const surroundings = { material, programs, upstream: await startUpstream(programs, cleanup) }
  const profiles: Profile[] = []
  const checked: string[] = []
  for (const subject of SUBJECTS) {
    say(`profile: ${subject.name}`)
    const taken = await take(subject, surroundings, context)
    profiles.push(taken.profile)
    checked.push(...taken.checked)
  }
  const { warmUp, window } = quick ? QUICK : FULL
  return {
    conditions: [
      `${cores.text}; a gateway for each scene, with every gate, audit log, metrics and deadlines on`,
      `the profiler runs ${quick ? 'for a few requests' : `for about ${window / 1_000} s, after ${warmUp / 1_000} s of the same load without it`}, and looks every ${INTERVAL} µs; it costs time itself, so these are shares, and no figures for a request`,
      'self time; a native function counts as part of the JavaScript that called it, unless it has a row of its own; rows without a whole percent are left out',
      'native code outside JavaScript is what the kernel counted beyond the samples; where other programs want the same core, waiting for it counts there, too',
      programs.text,
    ],
    checked: [...new Set(checked)],
    rows: [],
    profiles,
  }
}

async function take(
  { name, fastLane, size, requests, mode, connections }: Subject,
  surroundings: Surroundings,
  context: Context,
): Promise<{ readonly profile: Profile; readonly checked: string[] }> {
  const { material, upstream } = surroundings
  const cleanup = new Cleanup()
  try {
    const contestant = await startHubgate(
      { ...context, ...surroundings, cleanup },
      {
        name: fastLane ? 'hubgate' : 'hubgate, general lane',
        state: name.replaceAll(/\W+/g, '-'),
        fastLane,
      },
    )
    const [delivery] = deliveriesOf(size, material.secret, 1)
    if (delivery === undefined) throw new CheckFailed('no delivery to check with')
    await upstream.keep(true)
    const checked = await checkContestant({ contestant, material, upstream, deliveries: [delivery] })
    await upstream.keep(false)
    const lane = await Lane.open({
      field: surroundings,
      contestant,
      cleanup,
      mode,
      connections,
      requests: requests(material),
    })
    const window = new Window(lane, 2 * connections)
    await window.warmUp(context.quick ? QUICK : FULL)
    await contestant.ask('begin profile', { interval: INTERVAL })
    await window.measure()
    // A parse boundary: bench/programs/profiler.mjs and V8 say nothing else.
    const found = (await contestant.ask('end profile')) as { profile: CpuProfile; threads: Thread[] }
    return { profile: profileOf(name, found), checked }
  } finally {
    await cleanup.run()
  }
}
