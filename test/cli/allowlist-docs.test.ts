// docs/allowlist.md says what is true: its session is run, its commands have the options it gives them, its guards are
// those there are with their defaults, and its YAML is what Kubernetes and hubgate read.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { GUARDS } from '../../src/allowlist/guards.ts'
import { loadSources } from '../../src/config/load.ts'
import { quoted } from '../../src/domain/shell-word.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { realSize } from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { Place } from './allowlist-place.ts'

const TEXT = readFileSync(new URL('../../docs/allowlist.md', import.meta.url), 'utf8')

function blocks(kind: string): string[] {
  return [...TEXT.matchAll(/^```([^\n]*)\n([^]*?)^```/gm)].flatMap(([, found, block = '']) =>
    found === kind ? [block] : [],
  )
}

let registry: Registry
let place: Place
beforeAll(async () => {
  registry = await startRegistry(realSize())
  place = new Place()
  place.write('hubgate.yaml', `sources: { registry: { server: "${registry.server}" } }`)
})
afterAll(async () => {
  await registry.close()
  place.remove()
})

/** As if hubgate were installed. */
function shell(command: string) {
  return place.run(['sh', '-c', `hubgate() { ${HUBGATE.map(quoted).join(' ')} "$@"; }\n${command}`])
}

it('its session is what happens', async () => {
  const [session = ''] = blocks('console test')
  const steps = session.split(/^\$ /m).slice(1)
  expect(steps.length).toBeGreaterThan(2)
  for (const step of steps) {
    const [command = '', ...expected] = step.split('\n')
    const { out } = await shell(command)
    const shown = out
      .replaceAll(place.directory, '/srv/hubgate')
      .replaceAll(registry.server, 'whois.radb.net:43')
    expect(shown, command).toBe(expected.join('\n'))
  }
})

describe('its commands', () => {
  const named = [...TEXT.matchAll(/hubgate allowlist ([a-z]+)([^`|\n#]*)/g)]
  const spec: unknown = parse(blocks('yaml')[0] ?? '')
  const args = stringsAt(spec, 'args')
  const commands = [
    ...named.map(([, verb = '', rest = '']) => ({ verb, words: rest.trim().split(/\s+/) })),
    { verb: args[1] ?? '', words: args.slice(2) },
  ]

  it.each([...new Set(commands.map(({ verb }) => verb))])(
    '%s has the options that they use',
    async (verb) => {
      const { code, out } = await shell(`hubgate allowlist ${verb} --help`)
      expect(code).toBe(0)
      const used = commands.filter((one) => one.verb === verb).flatMap(({ words }) => words)
      const options = used.filter((word) => /^--?[a-z]/.test(word))
      expect(options.filter((option) => !new RegExp(`(?:^|[ ,])${option}\\b`, 'm').test(out))).toEqual([])
    },
  )

  it('the job of Kubernetes is a refresh', () => {
    expect(args.slice(0, 2)).toEqual(['allowlist', 'refresh'])
    expect(stringsAt(spec, 'command')).toEqual(['hubgate'])
    expect(spec).toMatchObject({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      spec: { concurrencyPolicy: 'Forbid' },
    })
  })

  it('the exports load as it says', async () => {
    await shell('hubgate allowlist refresh')
    for (const [line] of TEXT.matchAll(/^hubgate allowlist export [^|\n#]* > \S+/gm))
      expect((await shell(line)).code, line).toBe(0)
    expect(place.read('meta-geo.conf')).toContain('157.240.0.0/16 1;\n')
    expect(place.read('meta.lst')).toContain('157.240.0.0/16\n')
  })
})

describe('its guards', () => {
  const rows = [...TEXT.matchAll(/^\| `([a-z-]+)` \| ([^|]*) \|/gm)].map(([, guard = '', refuses = '']) => ({
    guard,
    refuses,
  }))
  const { guards, registry: asked, maxAge } = loadSources({ file: undefined, env: {} }).sources

  it('are those there are, in their order', () => {
    expect(rows.map(({ guard }) => guard)).toEqual([...GUARDS])
  })

  it.each([
    ['breadth', `/${guards.broadestIPv4}, or /${guards.broadestIPv6} for IPv6`],
    ['count', `${guards.minIPv4} IPv4 or ${guards.minIPv6} IPv6 objects`],
    ['coverage', `fewer than ${guards.minAddresses} or more than ${guards.maxAddresses} IPv4 addresses`],
    ['well-known', guards.wellKnown.join(', ').replace(/, (?=[^,]*$)/, ' or ')],
    ['shrink', `more than ${guards.shrink} %`],
    ['growth', `more than ${guards.growth} times`],
  ])('%s has the numbers that it names', (guard, numbers) => {
    expect(rows.find((row) => row.guard === guard)?.refuses).toContain(numbers)
  })

  it('it names every maintainer that is believed, the age, and the server', () => {
    for (const name of Object.values(asked.maintainers).flat()) expect(TEXT).toContain(`\`${name}\``)
    expect(TEXT).toContain(`\`sources.maxAge\` (${maxAge / 86_400_000} days)`)
    expect(TEXT).toContain(`${asked.server.host}:${asked.server.port} (${asked.sources.join(', ')})`)
  })
})

/** The list of that name, wherever it stands. */
function stringsAt(value: unknown, name: string): string[] {
  if (!(value instanceof Object)) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === name && Array.isArray(inner) ? inner.map(String) : stringsAt(inner, name),
  )
}
