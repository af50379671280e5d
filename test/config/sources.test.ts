// What `hubgate allowlist` reads of a configuration: two sections of it, wherever it runs and whatever secrets are missing there.
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LoadedSources, loadSources } from '../../src/config/load.ts'
import {
  SAMPLE_ENV,
  SAMPLE_YAML,
  directoryOf,
  loaded,
  problemsFrom,
  problemsOf,
  sample,
  said,
} from './sample.ts'

function keeping(
  text: string,
  env: Record<string, string> = {},
): LoadedSources & { readonly directory: string } {
  const path = directoryOf({ 'hubgate.yaml': text })
  return { ...loadSources({ file: path('hubgate.yaml'), env }), directory: path('') }
}

/** "line:column setting: message" of each problem. */
function problemsIn(text: string): string[] {
  return problemsFrom(() => keeping(text)).map(
    ({ line, column, setting, message }) => `${line}:${column} ${setting}: ${message}`,
  )
}

describe('without a configuration', () => {
  it('the list is kept with the defaults, below the working directory', () => {
    const { state, sources } = loadSources({ file: undefined, env: {} })
    expect(state).toBe(resolve('data'))
    expect(sources).toMatchObject({
      mode: 'enforce',
      allowlist: resolve('data/as32934.txt'),
      extra: [],
      maxAge: 7 * 86_400_000,
      registry: {
        server: { host: 'whois.radb.net', port: 43 },
        protocol: 'whois',
        sources: ['RADB', 'RIPE'],
        origin: 'AS32934',
        maintainers: { RADB: ['MAINT-AS32934'], RIPE: ['fb-neteng', 'facebook-neteng', 'meta-mnt'] },
        connectTimeout: 10_000,
        readTimeout: 30_000,
        totalTimeout: 120_000,
        maxAnswer: 32 * 2 ** 20,
        tries: 3,
      },
    })
    expect(sources.refresh).toBeUndefined()
  })

  it('systemd says where the state is', () => {
    const { state, sources } = loadSources({
      file: undefined,
      env: { STATE_DIRECTORY: '/var/lib/hubgate:/x' },
    })
    expect([state, sources.allowlist]).toEqual(['/var/lib/hubgate', '/var/lib/hubgate/as32934.txt'])
  })
})

describe('with one', () => {
  it('cron needs no secret of it: what the other sections hold is not looked at', () => {
    const text =
      'apps: { shop: { secrets: ["${UNSET}"] } }\nadmin: { token: "${file:gone}" }\nlisten: nonsense\nroutes: 7\nstate: s\n'
    const { directory, state, sources } = keeping(text)
    expect([state, sources.allowlist]).toEqual([join(directory, 's'), join(directory, 's/as32934.txt')])
  })

  it('its two sections are what the gateway reads', () => {
    const text = `${SAMPLE_YAML}state: s\nsources: { allowlist: l.txt, maxAge: 1d, refresh: { every: 12h }, registry: { server: "[::1]:4343", protocol: irrd }, guards: { shrink: 5 } }\n`
    const { sources, directory } = keeping(text)
    const { config } = loaded(text, SAMPLE_ENV)
    expect(sources).toEqual({ ...config.sources, allowlist: join(directory, 'l.txt') })
    expect(sources).toMatchObject({
      refresh: { every: 43_200_000 },
      registry: { server: { host: '::1', port: 4343 }, tries: 3 },
      guards: { shrink: 5, growth: 2 },
    })
  })

  it('references in its two sections are filled in', () => {
    const { sources, directory } = keeping(
      'sources: { allowlist: "${LIST:-l.txt}", registry: { server: "${HOST}" } }',
      { HOST: 'rr.example:44' },
    )
    expect(sources).toMatchObject({
      allowlist: join(directory, 'l.txt'),
      registry: { server: { host: 'rr.example', port: 44 } },
    })
  })

  it.each<[string, string, readonly string[]]>([
    [
      'a setting that is none',
      'state: s\nsources: { allowlst: x }',
      ['2:12 sources.allowlst: is not a setting'],
    ],
    [
      'a section that is none: it may be one of the two',
      'sorces: {}\nlisten: nonsense',
      ['1:1 sorces: is not a setting'],
    ],
    ['a section that has an odd name', 'constructor: {}', ['1:1 constructor: is not a setting']],
    [
      'values, all at once',
      'sources:\n  guards: { shrink: 101 }\n  maxAge: never\n  registry:\n    origin: "32934"\n    sources: [RADB, "RI PE"]\n    tries: 0',
      [
        '2:13 sources.guards.shrink: "101": is out of bounds',
        '3:3 sources.maxAge: "never": is not a duration',
        '5:5 sources.registry.origin: "32934": is not an AS number such as `AS32934`',
        '6:21 sources.registry.sources[1]: "RI PE": is not the name of a registry',
        '7:5 sources.registry.tries: "0": is out of bounds',
      ],
    ],
    [
      'a server that is none',
      'sources: { registry: { server: "a:99999" } }',
      ['1:24 sources.registry.server: "a:99999": is not `HOST` or `HOST:PORT`'],
    ],
    [
      'a well-known prefix that is none',
      'sources: { guards: { wellKnown: [31.13.64.1/18] } }',
      [
        '1:34 sources.guards.wellKnown[0]: "31.13.64.1/18": bits are set beyond the length; the network is 31.13.64.0/18',
      ],
    ],
    [
      'no registry to ask',
      'sources: { registry: { sources: [] } }',
      ['1:24 sources.registry.sources: is empty: no registry would be asked'],
    ],
    [
      'a registry in which nobody is believed',
      'sources: { registry: { sources: [RADB, ALTDB] } }',
      ['1:12 sources.registry.maintainers: names nobody for ALTDB: all that it holds would be dropped'],
    ],
    [
      'a believed registry that is mistyped',
      'sources:\n  registry:\n    maintainers: { RADB: [A], RIEP: [B] }',
      ['3:5 sources.registry.maintainers: names nobody for RIPE: all that it holds would be dropped'],
    ],
    [
      'a registry with an empty list of who is believed',
      'sources: { registry: { maintainers: { RADB: [], RIPE: [B] } } }',
      ['1:24 sources.registry.maintainers: names nobody for RADB: all that it holds would be dropped'],
    ],
    [
      'limits that no list could fulfil',
      'sources: { guards: { minAddresses: 5000000 } }',
      [
        '1:22 sources.guards.minAddresses: "5000000": is more than sources.guards.maxAddresses: no list could fulfil both',
      ],
    ],
    [
      'a state that is not set here',
      'state: "${UNSET}"',
      ['1:1 state: the environment variable UNSET is not set'],
    ],
    ['YAML that is none', 'sources: {', ['1:11 : a [ or { is not closed, or not indented enough']],
    ['a list in place of settings', '- a', ['1:1 : is not a map of settings']],
  ])('it is refused with line and column where it holds %s', (_name, text, problems) =>
    expect(problemsIn(text)).toEqual(problems),
  )

  it.each([
    ['with nothing in it', '', 'is empty'],
    ['that is not there', undefined, 'cannot be read: there is no such file'],
  ])('it is refused %s', (_name, text, message) => {
    const path = directoryOf(text === undefined ? {} : { 'hubgate.yaml': text })
    const problems = problemsFrom(() => loadSources({ file: path('hubgate.yaml'), env: {} }))
    expect(said(problems)).toEqual([`: ${message}`])
  })

  it('names of registries are compared as registries do: capitals or not', () =>
    expect(problemsIn('sources: { registry: { sources: [radb], maintainers: { Radb: [x] } } }')).toEqual([]))

  it('the gateway refuses the same', () =>
    expect(
      said(problemsOf(sample({ sources: { registry: { sources: [] }, guards: { maxAddresses: 1 } } }))),
    ).toEqual([
      'sources.registry.sources: is empty: no registry would be asked',
      'sources.guards.minAddresses: is more than sources.guards.maxAddresses: no list could fulfil both',
    ]))
})
