// IPv6 on loopback, which some containers lack: its tests are skipped there with a line that says so, or fail where CI is set.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { it } from 'vitest'

/** `it`, or a skipped one where nothing can listen on ::1. @throws where that is so and CI is set. */
export async function itWithIPv6(): Promise<typeof it | typeof it.skip> {
  const probe = createServer()
  try {
    probe.listen(0, '::1')
    await once(probe, 'listening')
    probe.close()
    return it
  } catch {
    if (process.env['CI'] !== undefined) throw new Error('there is no IPv6 on loopback, and CI is set')
    console.warn('there is no IPv6 on loopback: its tests are skipped')
    return it.skip
  }
}
