// An upgrade of hubgate never activates an anchor: what it knows, it knows to name files, and trusts only what is configured.
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startConsumer } from '../../src/lab/consumer.ts'
import { loadAnchors } from '../../src/tls/anchors.ts'
import type * as known from '../../src/tls/known-anchors.ts'
import { KNOWN_ANCHORS, type KnownAnchor } from '../../src/tls/known-anchors.ts'
import { CANARY_SECRET } from '../canary.ts'
import { parsed, problemsOf, said, sample } from '../config/sample.ts'
import { expectClientAdmitted, expectClientRefused } from '../support/identity.ts'
import { fileAnchor, pki, startWorld } from '../support/world.ts'

/** What the next version of hubgate knows. */
const next = vi.hoisted(() => ({ known: new Array<KnownAnchor>() }))

vi.mock('../../src/tls/known-anchors.ts', async (original) => {
  const real = await original<typeof known>()
  return {
    ...real,
    knownAnchor: (fingerprint: string) =>
      [...real.KNOWN_ANCHORS, ...next.known].find((known) => known.fingerprint === fingerprint),
  }
})

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

describe('an anchor that a version of hubgate comes to know', () => {
  beforeAll(async () => {
    const { fingerprint256: fingerprint } = new X509Certificate((await pki()).digicert.root.certificate)
    next.known.push({ name: 'meta-next', label: "Meta's next root", fingerprint, current: true, note: 'new' })
  })

  async function stageWith(more: readonly string[]) {
    const consumer = await startConsumer({ secret: CANARY_SECRET })
    ends.push(() => consumer.close())
    const world = await startWorld({
      upstream: consumer.url,
      change: (config) => {
        const { anchors } = config.client
        const own = more.map((file) => fileAnchor('next', join(config.state, file)))
        return { ...config, client: { ...config.client, anchors: [...anchors.slice(0, 1), ...own] } }
      },
    })
    ends.push(world.end)
    return { world, consumer }
  }

  it('admits nobody by being known', async () => {
    const identity = (await pki()).digicert.client()
    await expectClientRefused(await stageWith([]), 'CERTIFICATE_UNTRUSTED', { identity })
  })

  it('admits once the configuration names it, whether known or not', async () => {
    const identity = (await pki()).digicert.client()
    expect(await expectClientAdmitted(await stageWith(['digicert.pem']), { identity })).toMatchObject({
      anchor: 'next',
    })
  })
})

describe('the builtin anchor', () => {
  it('is there only where it is written', () => {
    expect(said(problemsOf(sample({ client: {} })))).toEqual(['client.anchors: is missing'])
    const { anchors } = parsed(sample({ client: { anchors: [{ name: 'a', file: 'a.pem' }] } })).config.client
    expect(anchors.map(({ kind, name }) => ({ kind, name }))).toEqual([{ kind: 'file', name: 'a' }])
  })

  it('is the one that is known by its name', () => {
    const [anchor] = loadAnchors(
      { kind: 'builtin', name: 'digicert-ev', builtin: 'digicert-ev', state: 'active' },
      new Date(),
    )
    expect(anchor?.known).toEqual(KNOWN_ANCHORS.find(({ name }) => name === 'digicert-ev'))
    expect(anchor?.known?.current).toBe(false)
  })
})
