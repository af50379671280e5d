// What a gateway says when it starts although something is switched off, old, or about to fail.
import { X509Certificate } from 'node:crypto'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createGateway } from '../../src/embed.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import type { KnownAnchor } from '../../src/tls/known-anchors.ts'
import { type Site, makeSite } from '../support/site.ts'
import { pki } from '../support/world.ts'

// Meta's real root is Meta's to hand out: for these tests, one of the lab's may be known in its place.
const known = vi.hoisted(() => new Map<string, KnownAnchor>())
vi.mock('../../src/tls/known-anchors.ts', async (original) => ({
  ...(await original<object>()),
  knownAnchor: (fingerprint: string) => known.get(fingerprint),
}))

const sites: Site[] = []
afterEach(() => {
  known.clear()
  for (const site of sites.splice(0)) site.remove()
})

async function siteWith(change?: (yaml: string) => string): Promise<Site> {
  const site = await makeSite({ upstream: 'http://127.0.0.1:9', ...(change === undefined ? {} : { change }) })
  sites.push(site)
  return site
}

/** The warnings of its start: event and message of each, in lines. */
async function warnings({ file }: Site): Promise<string> {
  const lines: string[] = []
  const gateway = await createGateway({ file }, { log: (line) => void lines.push(line) })
  await gateway.listen()
  await gateway.close()
  const said: Record<string, string>[] = lines.map((line) => JSON.parse(line))
  const warned = said.filter(({ level }) => level === 'warn')
  return warned.map((line) => `${line['event.name']} ${line['msg']}`).join('\n')
}

describe('warns at start', () => {
  const CURRENT: KnownAnchor = {
    name: 'meta-2025-12',
    label: 'Meta',
    fingerprint: '',
    current: true,
    note: '',
  }

  it("when no anchor is Meta's current root, and says how to get it", async () => {
    const said = await warnings(await siteWith())
    expect(said).toMatch(/hubgate\.config\.warning client\.anchors none is Meta's current root/)
    expect(said).toMatch(/download it from Meta's page .*hubgate anchor add FILE --write/)
  })

  it('but not when one is', async () => {
    const { meta } = await pki()
    const { fingerprint256 } = new X509Certificate(meta.root.certificate)
    known.set(fingerprint256, CURRENT)
    expect(await warnings(await siteWith())).not.toContain('current root')
    // A former one does not do.
    known.set(fingerprint256, { ...CURRENT, current: false })
    expect(await warnings(await siteWith())).toContain('current root')
  })

  it('when an anchor expires soon, or has', async () => {
    const site = await siteWith()
    const day = 86_400_000
    const soon = issueAnchor(new Date(Date.now() + 30 * day))
    site.put({ 'meta.pem': soon })
    expect(await warnings(site)).toMatch(/anchor "meta-lab" expires in (?:29|30) days/)
    site.put({ 'meta.pem': issueAnchor(new Date(Date.now() - day)) })
    expect(await warnings(site)).toContain('anchor "meta-lab" is expired')
  })

  it('when the list is older than sources.maxAge, or admits addresses that are not public', async () => {
    const site = await siteWith()
    site.put({ 'list.txt': '31.13.64.0/18\n' })
    expect(await warnings(site)).not.toContain('sources')
    site.put({ 'list.txt': '31.13.64.0/18\n10.0.0.0/8\n224.0.0.0/24\n::1/128\n' })
    const old = Date.now() / 1_000 - 10 * 86_400
    utimesSync(join(site.directory, 'files', 'list.txt'), old, old)
    const said = await warnings(site)
    expect(said).toContain('sources admits private or reserved addresses: 10.0.0.0/8, 224.0.0.0/24, ::1/128')
    expect(said).toMatch(/sources\.allowlist .*list\.txt:? is 10 days old/)
  })

  it.each([
    {
      what: 'sources.mode: none',
      from: 'mode: enforce',
      to: 'mode: none',
      shout: /sources\.mode none: the source gate is off/,
    },
    {
      what: 'sources.mode: observe',
      from: 'mode: enforce',
      to: 'mode: observe',
      shout: /sources\.mode observe: addresses outside the allow-list/,
    },
    {
      what: 'client.require: observe',
      from: 'require: always',
      to: 'require: observe',
      shout: /client\.require observe: a missing or wrong client certificate/,
    },
    {
      what: 'an unsigned route',
      from: 'apps: [shop], upstream',
      to: 'mode: unsigned, unsafeUnsigned: true, upstream',
      shout: /routes\[0\]\.unsafeUnsigned deliveries on this route go through without a signature/,
    },
  ])('of $what', async ({ from, to, shout }) => {
    expect(await warnings(await siteWith())).not.toContain('hubgate.config.danger')
    const said = await warnings(await siteWith((yaml) => yaml.replace(from, to)))
    const danger = said.split('\n').filter((line) => line.includes('hubgate.config.danger'))
    expect(danger).toHaveLength(1)
    expect(danger[0]).toMatch(shout)
  })
})

function issueAnchor(notAfter: Date): string {
  const notBefore = new Date('2020-01-01T00:00:00Z')
  return issue({ subject: [{ type: 'CN', value: 'An authority' }], authority: {}, notBefore, notAfter })
    .certificate
}
