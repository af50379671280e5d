// The lab as a whole: its tour is green, and each gate is what its rows say: without it exactly they turn red.
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/gates/policy.ts'
import { ATTACKS } from '../../src/lab/attacks.ts'
import { type LabOptions, PortTaken, runLab } from '../../src/lab/lab.ts'

/** Runs the lab to its end, and gives back what it printed as well. */
async function lab(options: Partial<LabOptions> = {}) {
  const printed: string[] = []
  const outcome = await runLab({ port: 0, once: true, out: (text) => printed.push(text), ...options })
  return { ...outcome, text: printed.join('') }
}

function without(name: string): (policy: Policy) => Policy {
  const keep = <Gate extends { readonly gate: { readonly name: string } }>(gates: readonly Gate[]) =>
    gates.filter(({ gate }) => gate.name !== name)
  return ({ peer, connection, identity, request, challenge, body }) => ({
    peer: keep(peer),
    connection: keep(connection),
    identity: keep(identity),
    request: keep(request),
    challenge: keep(challenge),
    body: keep(body),
  })
}

describe('the lab', () => {
  it('admits all that Meta sends and refuses all that is hostile, each by its gate', async () => {
    const { passed, results, text } = await lab()
    expect(results.filter(({ verdict }) => verdict === 'otherwise')).toEqual([])
    expect(passed).toBe(true)
    expect(results.length).toBeGreaterThan(150)
    expect(text).toContain('cases as expected')
    const directory = /files\s+(\S+)/.exec(text)?.[1] ?? ''
    expect(directory).toContain('hubgate-lab-')
    expect(existsSync(directory)).toBe(false)
  }, 60_000)

  it('says where its port is taken, or takes another where it may', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(lab({ port, attacks: [] })).rejects.toBeInstanceOf(PortTaken)
    const { text, passed } = await lab({ port, portMayChange: true, attacks: [] })
    expect(text).toContain(`Port ${port} is taken`)
    expect(passed).toBe(true)
    server.close()
  })

  it('ends early and cleanly where it is stopped', async () => {
    const stop = new AbortController()
    stop.abort()
    const { results } = await lab({ once: false, stop: stop.signal })
    expect(results.every(({ verdict }) => verdict === 'skipped')).toBe(true)
  })

  // Slow rows and the one that lingers are left out: no gate speaks in the first, and the second adds nothing.
  const quick = ATTACKS.filter(({ slow, id }) => slow !== true && id !== 'ten-gigabytes')
  const gates = [
    'source',
    'connection-limit',
    'certificate',
    'common-name',
    'head-size',
    'framing',
    'route',
    'method',
    'expectation',
    'length',
    'media-type',
    'verify-token',
    'signature',
  ]
  it.concurrent.each(gates)(
    'without the gate %s exactly its own cases go through or change',
    async (name) => {
      const { results } = await lab({ attacks: quick, unsafePolicy: without(name) })
      const red = results.filter(({ verdict }) => verdict === 'otherwise').map(({ id }) => id)
      const played = new Set(results.filter(({ verdict }) => verdict !== 'skipped').map(({ id }) => id))
      const own = quick.filter(({ gate, id }) => gate === name && played.has(id)).map(({ id }) => id)
      expect(red.toSorted()).toEqual(own.toSorted())
    },
    60_000,
  )
})
