// Benchmark: what a request costs as connections, routes, prefixes and secrets grow. Each size has a gateway of its own; all sizes of a
// curve are measured in turn, round by round.
import { readFileSync } from 'node:fs'
import { type Benchmark, CheckFailed, type Context, type Outcome } from '../benchmark.ts'
import { Cleanup } from '../cleanup.ts'
import { checkContestant } from '../gateways/checks.ts'
import { demandLinux, programsOf } from '../gateways/field.ts'
import { startHubgate } from '../gateways/hubgate.ts'
import { Lane } from '../gateways/lane.ts'
import { type Material, SIZES, deliveriesOf, makeMaterial } from '../gateways/material.ts'
import { type Upstream, startUpstream } from '../gateways/upstream.ts'
import { Window, everyOneIsRecorded } from '../gateways/window.ts'
import type { Programs } from '../native.ts'
import { rounded } from '../statistics.ts'
import { type Curve, FLAT, type Measured, curveOf, rowsOf } from './curve.ts'
import { type CurveSpec, SPECS } from './specs.ts'

/** Times in milliseconds. */
const FULL = { rounds: 7, warmUp: 1_500, window: 400 } as const
const QUICK = { rounds: 1, warmUp: 0, window: 0 } as const
/** Sizes of each curve in a quick run. */
const FEW = 2
/** Descriptors beyond those of the connections that grow. */
const SPARE_DESCRIPTORS = 300

export const growth: Benchmark = {
  name: 'growth',
  title: 'CPU time of hubgate a request, by what grows',
  apart: true,
  columns: ['what grows', 'size'],
  run,
}

interface Surroundings {
  readonly material: Material
  readonly upstream: Upstream
  readonly programs: Programs
}

async function run(context: Context): Promise<Outcome> {
  demandLinux()
  const { cleanup, cores, quick } = context
  const { rounds, window } = quick ? QUICK : FULL
  const material = await makeMaterial(cleanup)
  const programs = await programsOf(context)
  const surroundings = { material, programs, upstream: await startUpstream(programs, cleanup) }
  const checked = await check(surroundings, context)
  const curves: Curve[] = []
  const rows: Outcome['rows'][number][] = []
  const leftOut: string[] = []
  for (const spec of SPECS) {
    const { sizes, tooLarge } = sizesOf(spec, { quick, descriptors: descriptorLimit() })
    leftOut.push(...tooLarge)
    const measured = await measure({ ...spec, sizes }, surroundings, context)
    curves.push(curveOf({ name: spec.name, title: spec.title, axis: spec.axis }, measured))
    rows.push(...rowsOf(spec.title, measured))
  }
  return {
    conditions: [
      `${cores.text}; a gateway for each size, with every gate, audit log, metrics and deadlines on`,
      `${rounds} rounds of all sizes in turn, ${quick ? 'a few requests' : `about ${window / 1_000} s`} each after a warm-up; ratios are of the same round`,
      ...SPECS.map(({ how }) => how),
      `flat: the highest median of a curve is at most ${FLAT} times the lowest`,
      programs.text,
    ],
    checked,
    rows,
    leftOut,
    curves,
  }
}

/** The same as for every contestant, once: what grows does not change the job. */
async function check(surroundings: Surroundings, context: Context): Promise<string[]> {
  const { material, upstream } = surroundings
  const cleanup = new Cleanup()
  try {
    const contestant = await startHubgate(
      { ...context, cleanup, material, upstream },
      { name: 'hubgate', state: 'check', fastLane: true },
    )
    const [delivery] = deliveriesOf(SIZES['1.5 KB'], material.secret, 1)
    if (delivery === undefined) throw new CheckFailed('no delivery to check with')
    await upstream.keep(true)
    const seen = await checkContestant({ contestant, material, upstream, deliveries: [delivery] })
    await upstream.keep(false)
    return seen
  } finally {
    await cleanup.run()
  }
}

async function measure(spec: CurveSpec, surroundings: Surroundings, context: Context): Promise<Measured[]> {
  const { rounds, warmUp, window } = context.quick ? QUICK : FULL
  const cleanup = new Cleanup()
  try {
    const taken: { size: number; window: Window; figures: number[]; isKept: boolean }[] = []
    for (const size of spec.sizes) {
      context.say(`growth, ${spec.axis}: ${size.toLocaleString('en')}`)
      taken.push({ size, figures: [], ...(await opened(spec, size, { surroundings, context, cleanup })) })
    }
    for (const each of taken) await each.window.warmUp({ warmUp, window })
    for (let round = 0; round < rounds; round++) {
      context.say(`growth, ${spec.axis}: round ${round + 1} of ${rounds}`)
      // There and back, so that none always comes after the same one.
      for (const each of round % 2 === 0 ? taken : taken.toReversed())
        each.figures.push((await each.window.measure()).cpu)
    }
    for (const { window: each, isKept } of taken)
      if (isKept) await everyOneIsRecorded(each.contestant, each.sent)
    return taken
  } finally {
    await cleanup.run()
  }
}

interface Opening {
  readonly surroundings: Surroundings
  readonly context: Context
  readonly cleanup: Cleanup
}

async function opened(
  spec: CurveSpec,
  size: number,
  { surroundings, context, cleanup }: Opening,
): Promise<{ window: Window; isKept: boolean }> {
  const setting = await spec.at(size, surroundings.material)
  const contestant = await startHubgate(
    { ...context, ...surroundings, cleanup },
    { ...setting.config, name: 'hubgate', state: `${spec.name}-${size}`, fastLane: true },
  )
  const lane = await Lane.open({ field: surroundings, contestant, cleanup, ...setting.lane })
  return { window: new Window(lane, context.quick ? 32 : 64), isKept: setting.lane.mode === 'kept' }
}

/** @param descriptors that one process may have open. */
export function sizesOf(
  { axis, sizes, descriptors: each = 0 }: Pick<CurveSpec, 'axis' | 'sizes' | 'descriptors'>,
  { quick, descriptors }: { quick: boolean; descriptors: number },
): { readonly sizes: number[]; readonly tooLarge: string[] } {
  const fits = (size: number) => size * each + SPARE_DESCRIPTORS <= descriptors
  return {
    sizes: sizes.filter(fits).slice(0, quick ? FEW : Infinity),
    tooLarge: sizes
      .filter((size) => !fits(size))
      .map(
        (size) =>
          `${size.toLocaleString('en')} ${axis} are left out: a process may open ${descriptors.toLocaleString('en')} files (ulimit -n ${rounded(size + SPARE_DESCRIPTORS)})`,
      ),
  }
}

/** The hard one: Node and the load raise theirs up to it. */
function descriptorLimit(): number {
  const line = /^Max open files +\S+ +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
  return line?.[1] === 'unlimited' ? Infinity : Number(line?.[1] ?? 1_024)
}
