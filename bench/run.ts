// Runs benchmarks one after the other. One whose contestants are not what they should be voids the whole run.
import type { Benchmark, Outcome, Shared } from './benchmark.ts'
import { Cleanup } from './cleanup.ts'
import type { Cores } from './cores.ts'
import { machineFacts } from './machine.ts'
import type { Report, Result } from './report.ts'

export interface RunOptions {
  readonly quick: boolean
  readonly cores: Cores
  readonly say: (line: string) => void
}

/** Whatever happens, nothing it started or wrote is left behind. @throws CheckFailed */
export async function runBenchmarks(
  benchmarks: readonly Benchmark[],
  { quick, cores, say }: RunOptions,
): Promise<Report> {
  const machine = machineFacts()
  const results: Result[] = []
  const shared: Shared = { cleanup: new Cleanup(), made: new Map() }
  const interrupted = interruption()
  try {
    for (const { name, title, columns, run } of benchmarks) {
      const cleanup = new Cleanup()
      try {
        const running = run({ quick, cores, cleanup, shared, say })
        const outcome = await Promise.race([running, interrupted.promise])
        const shown = columns === undefined ? { name, title } : { name, title, columns }
        results.push({ ...shown, ...outcome, missed: missedOf(outcome) })
      } finally {
        await cleanup.run()
      }
    }
  } finally {
    interrupted.off()
    await shared.cleanup.run()
  }
  return { machine, quick, results }
}

function missedOf({ goals = [] }: Outcome): string[] {
  return goals.flatMap(({ goal, value, state }) => (state === 'missed' ? [`${goal}: ${value}`] : []))
}

/** Rejects when somebody wants us to end. */
export function interruption(): { readonly promise: Promise<never>; readonly off: () => void } {
  let off = () => {}
  const promise = new Promise<never>((_resolve, reject) => {
    const end = (signal: string) => reject(new Error(`ended by ${signal}`))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
    off = () => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end)
    }
  })
  return { promise, off }
}
