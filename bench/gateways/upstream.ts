// The service behind every contestant, one for all of them: they are measured one after the other.
import type { Cleanup } from '../cleanup.ts'
import { LineProcess } from '../line-process.ts'
import type { Programs } from '../native.ts'
import type { Received } from './contestant.ts'

export interface Last {
  /** Request line and fields. */
  readonly head: string
  /** Of the body, in hexadecimal. */
  readonly sha256: string
}

export interface Upstream {
  readonly port: number
  readonly received: () => Promise<Received>
  /** From now on each request is kept, or no longer. */
  readonly keep: (on: boolean) => Promise<void>
  readonly last: () => Promise<Last>
}

export async function startUpstream(programs: Programs, cleanup: Cleanup): Promise<Upstream> {
  const process = new LineProcess({ name: 'upstream', command: programs.upstream, cleanup })
  // Parse boundaries, as all below: bench/native/upstream.c says nothing else.
  const { port } = (await process.next()) as { port: number }
  return {
    port,
    received: async () => (await process.ask('received')) as Received,
    keep: async (on) => void (await process.ask(on ? 'keep' : 'forget')),
    last: async () => {
      const { head, sha256 } = (await process.ask('last')) as Last
      return { head: Buffer.from(head, 'hex').toString('latin1'), sha256 }
    },
  }
}
