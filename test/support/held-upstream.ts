// An upstream that can hold its answers back: so that a test says what is in flight, and when it ends.
import type { ServerResponse } from 'node:http'
import { type Consumer, type Received, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'

export interface HeldUpstream extends Consumer {
  /** From now on: deliveries are received, and wait. */
  readonly hold: () => void
  /** Answers what waits with 200, and what comes from now on. */
  readonly release: () => void
  /** How many wait. */
  readonly waiting: number
}

export async function startHeldUpstream(): Promise<HeldUpstream> {
  const waiting: ServerResponse[] = []
  let holds = false
  const answer = (_received: Received, response: ServerResponse) => {
    if (holds) waiting.push(response)
    else response.writeHead(200).end('{"ok":true}')
  }
  const consumer = await startConsumer({ secret: CANARY_SECRET, keep: 1_000_000, answer })
  return {
    ...consumer,
    hold: () => {
      holds = true
    },
    release: () => {
      holds = false
      for (const response of waiting.splice(0)) response.writeHead(200).end('{"ok":true}')
    },
    get waiting() {
      return waiting.length
    },
  }
}
