// Deliveries without a pause, each with a body of its own, until told to stop: what was acknowledged, and what came instead.
import { createHash } from 'node:crypto'
import { KeptClient } from './kept-client.ts'
import { type Reachable, delivery, open } from './sender.ts'

export interface Load {
  /** SHA-256 of the bodies that were answered with 200. */
  readonly acknowledged: ReadonlySet<string>
  /** Any other answer's status; `closed` where a connection ended without an answer. */
  readonly others: readonly (number | 'closed')[]
  /** No new delivery; resolves when the last has its answer. */
  readonly stop: () => Promise<void>
}

export interface LoadOptions {
  readonly clients?: number
  /** Deliveries a connection, then a new one. Default: 20. */
  readonly perConnection?: number
}

export function startLoad(world: Reachable, { clients = 4, perConnection = 20 }: LoadOptions = {}): Load {
  const acknowledged = new Set<string>()
  const others: (number | 'closed')[] = []
  const ending = new AbortController()
  const deliver = async (client: KeptClient, id: string): Promise<void> => {
    const body = Buffer.from(JSON.stringify({ object: 'page', entry: [{ id }] }))
    const answer = await client.deliver(delivery({ body }))
    if (answer?.status === 200) acknowledged.add(createHash('sha256').update(body).digest('hex'))
    else others.push(answer?.status ?? 'closed')
  }
  const work = async (name: number): Promise<void> => {
    for (let connection = 0; !ending.signal.aborted; connection++) {
      const client = await connected(world)
      if (client === undefined) others.push('closed')
      else
        await useUp(client, {
          times: perConnection,
          ending: ending.signal,
          deliver: (i) => deliver(client, `${name}-${connection}-${i}`),
        })
    }
  }
  const all = Promise.all(Array.from({ length: clients }, (_, name) => work(name)))
  return {
    acknowledged,
    others,
    stop: async () => {
      ending.abort()
      await all
    },
  }
}

interface Use {
  readonly times: number
  readonly ending: AbortSignal
  readonly deliver: (i: number) => Promise<void>
}

async function useUp(client: KeptClient, { times, ending, deliver }: Use): Promise<void> {
  for (let i = 0; i < times; i++) {
    if (!client.isOpen || ending.aborted) break
    await deliver(i)
    // As fast as it can, one client would keep this process from doing anything else.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  client.end()
}

async function connected(world: Reachable): Promise<KeptClient | undefined> {
  try {
    return new KeptClient(await open(world))
  } catch {
    // Nobody there any more: no reason to ask a thousand times a second.
    await new Promise((resolve) => setTimeout(resolve, 20))
    return undefined
  }
}
