// Contestants of a few lines in Node: the floor, and the gateway that people write when nobody counts microseconds.
import { WatchedProcess } from '../watched-process.ts'
import { type Contestant, type Entry, type Received, type Surroundings, WHOLE_JOB } from './contestant.ts'

export const floor: Entry = {
  name: 'floor',
  missing: () => undefined,
  start: async (surroundings) => {
    const { process, port } = await started(surroundings, 'floor')
    return {
      name: 'floor',
      port,
      pid: process.pid,
      duties: [],
      refusesAddresses: 'never',
      received: async () => (await process.ask('received')) as Received,
    }
  },
}

export const httpProxy: Entry = {
  name: 'http-proxy',
  missing: () => undefined,
  start: async (surroundings): Promise<Contestant> => {
    const { process, port } = await started(surroundings, 'http-proxy')
    return {
      name: 'http-proxy',
      port,
      pid: process.pid,
      duties: WHOLE_JOB,
      refusesAddresses: 'before TLS',
      received: surroundings.upstream.received,
    }
  },
}

async function started(
  { cores, cleanup, material, upstream }: Surroundings,
  name: string,
): Promise<{ process: WatchedProcess; port: number }> {
  const process = new WatchedProcess({
    name,
    script: [`bench/programs/${name}.mjs`, material.directory, `${upstream.port}`],
    pin: cores.pin,
    env: { BENCH_SECRET: material.secret },
  })
  cleanup.add(() => process.end())
  const { port } = (await process.ready) as { port: number }
  return { process, port }
}
