// The list of what hubgate is made of: whole, the same each time, and of the same mind as npm's own.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const Component = z.object({
  type: z.literal('library'),
  'bom-ref': z.string(),
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  hashes: z
    .array(z.object({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }))
    .min(1),
  licenses: z
    .array(z.object({ license: z.object({ id: z.string() }) }).or(z.object({ expression: z.string() })))
    .min(1),
})
const Bom = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.5'),
  version: z.literal(1),
  metadata: z.object({
    component: z.object({ name: z.literal('hubgate'), version: z.string(), purl: z.string() }),
  }),
  components: z.array(Component),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
})

function printed(): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/sbom.mjs'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

const text = printed()
const bom = Bom.parse(JSON.parse(text))
const purls = bom.components.map(({ purl }) => purl)

interface Locked {
  readonly version?: string
  readonly dev?: boolean
}

describe('sbom.mjs', () => {
  it('names every package that the lock file has for run time, and none that is for development', () => {
    const lock: { packages: Record<string, Locked> } = JSON.parse(
      readFileSync(`${ROOT}/package-lock.json`, 'utf8'),
    )
    const locked = Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== '' && dev !== true)
      .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version ?? ''}`)
    expect(bom.components.map((one) => one['bom-ref']).toSorted()).toEqual([...new Set(locked)].toSorted())
    expect(purls).not.toContainEqual(expect.stringMatching(/vitest|typescript|oxlint/))
  })

  it('prints the same bytes each time, without a time or a random number', () => {
    expect(printed()).toBe(text)
    expect(text).not.toMatch(/timestamp|serialNumber/)
  })

  it('each reference leads somewhere, from hubgate on', () => {
    const known = new Set(bom.dependencies.map(({ ref }) => ref))
    expect(bom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.has(ref))).toEqual(
      [],
    )
    expect(known.size).toBe(bom.components.length + 1)
    const own: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(`${ROOT}/package.json`, 'utf8'),
    )
    expect(bom.dependencies[0]?.dependsOn).toEqual(
      Object.entries(own.dependencies)
        .map(([name, version]) => `${name}@${version}`)
        .toSorted(),
    )
  })

  // With `--omit dev`, npm leaves out what is a dependency of both kinds: yaml, for one. So it is asked for everything.
  it('npm itself names each of them in the same way, with the same hash', { timeout: 60_000 }, () => {
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--loglevel=silent']
    const { stdout } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8', timeout: 50_000 })
    const Theirs = z.object({
      purl: z.string(),
      hashes: z.array(z.object({ content: z.string() })).default([]),
    })
    const { components } = z.object({ components: z.array(Theirs) }).parse(JSON.parse(stdout))
    const theirs = new Set(components.map(({ purl, hashes }) => `${purl} ${hashes[0]?.content ?? ''}`))
    const ours = bom.components.map(({ purl, hashes }) => `${purl} ${hashes[0]?.content ?? ''}`)
    expect(ours.filter((one) => !theirs.has(one))).toEqual([])
  })
})
