// Runs benchmarks one after the other. One whose contestants are not what they should be voids the whole run.
import type { Benchmark } from './benchmark.ts'
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
  for (const { name, title, run } of benchmarks) {
    const cleanup = new Cleanup()
    const interrupted = interruption()
    try {
      const outcome = await Promise.race([run({ quick, cores, cleanup, say }), interrupted.promise])
      results.push({ name, title, ...outcome })
    } finally {
      interrupted.off()
      await cleanup.run()
    }
  }
  return { machine, quick, results }
}

/** Rejects when somebody wants us to end. */
function interruption(): { readonly promise: Promise<never>; readonly off: () => void } {
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
