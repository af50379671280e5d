// Rules across settings, what is not built yet, and what is valid and shouted.
import { describe, expect, it } from 'vitest'
import { warningsOf } from '../../src/config/warnings.ts'
import { SECRET, parsed, problemsOf, said, sample, sampleRoute } from './sample.ts'

const apps = { shop: { secrets: [SECRET] }, other: { secrets: [SECRET] } }
const routes = (...list: Record<string, unknown>[]) => ({ apps, routes: list.map(sampleRoute) })
const unsigned = { mode: 'unsigned', unsafeUnsigned: true, apps: [] }

describe('rules across settings', () => {
  it.each<[string, Record<string, unknown>]>([
    ['the sample', {}],
    ['several apps on one route', routes({ apps: ['shop', 'other'] })],
    ['the same upstream twice', routes({}, { path: '/b' })],
    ['an unsigned route that says so', routes(unsigned)],
    ['answer full', routes({ answer: 'full' })],
    [
      'one port on two addresses',
      { listen: { address: ['127.0.0.1:8443', '127.0.0.2:8443', '[::1]:8443'] } },
    ],
    ['any free port twice', { listen: { address: [':0', ':0'] }, admin: { address: '127.0.0.1:0' } }],
    ['the admin listener on a socket', { admin: { address: 'unix:/run/admin.sock' } }],
    ['the admin listener on ::1', { admin: { address: '[::1]:8444' } }],
    ['the admin listener beyond loopback, with a token', { admin: { address: ':8444', token: SECRET } }],
    ['an upstream on another port of this machine', routes({ upstream: 'http://localhost:8442/' })],
    ['an upstream of another machine on the same port', routes({ upstream: 'http://10.0.0.9:8443/' })],
    ['a body as large as all memory', { limits: { body: '1MiB', bodiesInMemory: '1MiB' } }],
    [
      'PROXY headers from trusted peers',
      { listen: { proxyProtocol: 'required', trustedPeers: ['10.0.0.0/8', 'unix'] } },
    ],
    ['trusted peers without PROXY headers', { listen: { trustedPeers: ['10.0.0.0/8'] } }],
    ['a shutdown without delay', { shutdown: { delay: '0s', timeout: '0s' } }],
  ])('%s is valid', (_name, sections) => expect(said(problemsOf(sample(sections)))).toEqual([]))

  it.each<[string, Record<string, unknown>, string]>([
    ['no TLS', { tls: undefined }, 'tls: is missing: with listen.front direct hubgate ends TLS itself'],
    [
      'PROXY headers that nobody may send',
      { listen: { proxyProtocol: 'required' } },
      'listen.trustedPeers: is empty: with listen.proxyProtocol required no PROXY header would be believed',
    ],
    ['no anchor', { client: { anchors: [] } }, 'client.anchors: is empty: every client would be refused'],
    ['no client section', { client: undefined }, 'client: is missing'],
    [
      'no common name',
      { client: { anchors: [{ builtin: 'digicert-ev' }], commonNames: [] } },
      'client.commonNames: is empty: every client would be refused',
    ],
    [
      'a builtin anchor with a file',
      { client: { anchors: [{ builtin: 'digicert-ev', file: 'x' }] } },
      'client.anchors[0]: is builtin and something else',
    ],
    ['an anchor without a name', { client: { anchors: [{ file: 'x' }] } }, 'client.anchors[0]: has no name'],
    ['an anchor without a file', { client: { anchors: [{ name: 'x' }] } }, 'client.anchors[0]: has no file'],
    ['an empty anchor', { client: { anchors: [{}] } }, 'client.anchors[0]: has no file'],
    [
      'an anchor name twice',
      {
        client: {
          anchors: [
            { name: 'a', file: 'x' },
            { name: 'a', file: 'y' },
          ],
        },
      },
      'client.anchors[1]: has the same name as client.anchors[0]',
    ],
    [
      'an anchor named as a builtin one',
      { client: { anchors: [{ builtin: 'digicert-ev' }, { name: 'digicert-ev', file: 'y' }] } },
      'client.anchors[1]: has the same name as client.anchors[0]',
    ],
    [
      'an app without secrets',
      { apps: { shop: { verifyTokens: ['x'] } } },
      'apps.shop.secrets: is empty: no delivery could be verified',
    ],
    ['no route', { routes: [] }, 'routes: is empty: every request would be refused'],
    ['no routes section', { routes: undefined }, 'routes: is missing'],
    ['a path twice', routes({}, {}), 'routes[1].path: "/webhooks/meta": is also the path of routes[0]'],
    [
      'an unknown app',
      routes({ apps: ['shpo'] }),
      'routes[0].apps[0]: "shpo": is not an app of this configuration',
    ],
    [
      'an app that objects have by themselves',
      routes({ apps: ['constructor'] }),
      'routes[0].apps[0]: "constructor": is not an app of this configuration',
    ],
    ['an app twice', routes({ apps: ['shop', 'shop'] }), 'routes[0].apps[1]: "shop": stands twice'],
    ['relay without apps', routes({ apps: [] }), 'routes[0].apps: is empty: no signature could be verified'],
    [
      'unsigned that does not say so',
      routes({ mode: 'unsigned', apps: [] }),
      'routes[0].mode: "unsigned": takes deliveries without a signature check',
    ],
    [
      'unsigned with apps',
      routes({ ...unsigned, apps: ['shop'] }),
      'routes[0].apps: means nothing with mode unsigned: no signature is checked',
    ],
    [
      'unsafeUnsigned with relay',
      routes({ unsafeUnsigned: true }),
      'routes[0].unsafeUnsigned: "true": means nothing with mode relay',
    ],
    [
      'answer full with unsigned',
      routes({ ...unsigned, answer: 'full' }),
      'routes[0].answer: "full": full goes only with mode relay',
    ],
    [
      'a body that never fits',
      { limits: { body: '2MiB', bodiesInMemory: '1MiB' } },
      'limits.body: "2MiB": is more than limits.bodiesInMemory: the largest body could never be accepted',
    ],
    [
      'an admin listener for everybody',
      { admin: { address: ':8444' } },
      'admin.token: is missing: beyond loopback the admin listener needs one',
    ],
    [
      'an admin listener on a private address',
      { admin: { address: '10.0.0.1:8444' } },
      'admin.token: is missing: beyond loopback the admin listener needs one',
    ],
    [
      'an admin token that is short',
      { admin: { token: 'short' } },
      'admin.token: has fewer than 16 characters',
    ],
    [
      'the admin listener on the public port',
      { admin: { address: '127.0.0.1:8443' } },
      'admin.address: "127.0.0.1:8443": is the same as listen.address: the admin listener never shares the public port',
    ],
    [
      'a listener twice',
      { listen: { address: ['127.0.0.1:1', '127.0.0.1:1'] } },
      'listen.address: port 1 stands twice',
    ],
    [
      'a listener inside another',
      { listen: { address: ['0.0.0.0:1', '127.0.0.1:1'] } },
      'listen.address: port 1 stands twice',
    ],
    [
      'a socket twice',
      { listen: { address: ['unix:/a', 'unix:/a'] } },
      'listen.address: a Unix socket stands twice',
    ],
    [
      'a front that nobody is trusted to be',
      { listen: { front: 'nginx' } },
      "listen.trustedPeers: is empty: with listen.front nginx nobody's fields would be believed",
    ],
    [
      'a front behind PROXY headers',
      { listen: { front: 'envoy', proxyProtocol: 'required', trustedPeers: ['10.0.0.0/8'] } },
      'listen.proxyProtocol: "required": cannot be required with listen.front envoy: its fields name the client',
    ],
    [
      'an upstream that is the gateway',
      routes({ upstream: 'https://127.0.0.1:8443/x' }),
      'routes[0].upstream: "https://127.0.0.1:8443/x": is an address of this gateway itself: deliveries would go in circles',
    ],
    [
      'an upstream that is the gateway by name',
      routes({ upstream: 'https://localhost:8443/x' }),
      'routes[0].upstream: "https://localhost:8443/x": is an address of this gateway itself: deliveries would go in circles',
    ],
    [
      'an upstream that is the gateway on ::1',
      routes({ upstream: 'https://[::1]:8443/x' }),
      'routes[0].upstream: "https://[::1]:8443/x": is an address of this gateway itself: deliveries would go in circles',
    ],
    [
      'an upstream that is the gateway on ::1 by name',
      { listen: { address: '[::1]:8443' }, ...routes({ upstream: 'https://localhost:8443/x' }) },
      'routes[0].upstream: "https://localhost:8443/x": is an address of this gateway itself: deliveries would go in circles',
    ],
    [
      'an upstream that is the admin listener',
      routes({ upstream: 'http://127.0.0.1:8444/x' }),
      'routes[0].upstream: "http://127.0.0.1:8444/x": is an address of this gateway itself: deliveries would go in circles',
    ],
    [
      'an upstream on the socket of the gateway',
      { listen: { address: 'unix:/run/g.sock' }, ...routes({ upstream: 'unix:/run/g.sock:/x' }) },
      'routes[0].upstream: "unix:/run/g.sock:/x": is an address of this gateway itself: deliveries would go in circles',
    ],
    [
      'a part of the memory for bodies that is too small for one',
      { listen: { workers: 4 }, limits: { body: '4MiB', bodiesInMemory: '12MiB' } },
      'limits.bodiesInMemory: "12MiB": divided among 4 workers is less than limits.body: the largest body could never be accepted',
    ],
    [
      'fewer connections than workers',
      { listen: { workers: 4 }, limits: { connections: 3 } },
      'limits.connections: "3": is less than one for each of 4 workers',
    ],
  ])('%s is refused', (_name, sections, expected) =>
    expect(said(problemsOf(sample(sections)))).toEqual([expected]),
  )

  it.each([1, 2, 'auto'])('listen.workers: %s holds', (workers) =>
    expect(problemsOf(sample({ listen: { workers } }))).toEqual([]),
  )

  it.each<[string, Record<string, unknown>, string]>([
    ['the inbox', routes({ mode: 'inbox' }), 'routes[0].mode: "inbox"'],
  ])('%s says that it is not built yet', (_name, sections, where) => {
    const problems = problemsOf(sample(sections))
    expect(said(problems)).toEqual([`${where}: is not built yet in this version`])
    expect(problems[0]?.hint).toMatch(/./)
  })

  it.each(['nginx', 'alb-verify', 'alb-passthrough', 'envoy', 'haproxy', 'cloudflare', 'rfc9440'])(
    'front %s may stand with TLS of its own to us or without',
    (front) => {
      const listen = { front, trustedPeers: ['10.0.0.0/8', 'unix'] }
      expect(problemsOf(sample({ listen }))).toEqual([])
      const { tls: _tls, ...plain } = sample({ listen })
      expect(problemsOf(plain)).toEqual([])
    },
  )

  it('every problem has a next step where there is one to take', () => {
    expect(
      problemsOf(sample({ client: { anchors: [] }, routes: [], tls: undefined })).every(
        ({ hint }) => hint !== undefined,
      ),
    ).toBe(true)
  })
})

describe('warnings', () => {
  const warned = (sections: Record<string, unknown>) =>
    warningsOf(parsed(sample(sections)).config).map(({ setting }) => setting)
  it('are none where every gate is enforced', () => expect(warned({})).toEqual([]))
  it.each<[string, Record<string, unknown>, string]>([
    [
      'certificates that are only watched',
      { client: { anchors: [{ builtin: 'digicert-ev' }], require: 'observe' } },
      'client.require',
    ],
    ['sources that are only watched', { sources: { mode: 'observe' } }, 'sources.mode'],
    ['no source gate', { sources: { mode: 'none' } }, 'sources.mode'],
    ['an unsigned route', routes({}, { path: '/b', ...unsigned }), 'routes[1].unsafeUnsigned'],
  ])('shout about %s', (_name, sections, setting) => expect(warned(sections)).toEqual([setting]))
})
