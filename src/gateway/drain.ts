// Lets a gateway's connections end well: who was accepted is served once more, and nobody is waited for too long.
import type { Shared } from './shared.ts'

// HTTP/1.1 has no word for "no more requests": one that is on its way when we close is lost, and its sender cannot know.
const LAST_CALL_MS = 500

/** Resolves when none is open, or after `timeout`. Nothing is accepted any more. */
export async function drainConnections({ connections }: Shared, timeout: number): Promise<void> {
  // Who was accepted is served once more: who shakes hands, and who may just be sending the next request.
  const open = [...connections].filter(({ phase }) => phase === 'request')
  for (const connection of open) if (!connection.invitesMore) connection.retire()
  const lastCall = setTimeout(() => {
    for (const connection of open) connection.retire()
  }, LAST_CALL_MS)
  await connections.empty(timeout)
  clearTimeout(lastCall)
}

/** A wait that can be cut short. */
export class Pause {
  #cut: () => void = () => {}

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#cut = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  cut(): void {
    this.#cut()
  }
}
