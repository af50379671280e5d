// Single values: sizes, durations, addresses, prefixes, paths, secrets.
import { describe, expect, it } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.ts'
import { parsed, problemsOf, said, sample, sampleRoute } from './sample.ts'

describe('sizes and durations', () => {
  it.each([
    ['4MiB', 4194304],
    ['0B', 0],
    ['1GiB', 2 ** 30],
    ['16KiB', 16384],
    ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
    expect(formatSize(bytes)).toBe(text)
  })
  it.each([
    '4',
    '4MB',
    '4 MiB',
    '1.5MiB',
    '-1B',
    '+1B',
    '4mib',
    '04MiB',
    '',
    'MiB',
    '1e3B',
    '99999999999999GiB',
    '4MiB ',
  ])('%j is no size', (text) => expect(parseSize(text)).toBeUndefined())
  it.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['24h', undefined],
    ['1d', 86_400_000],
    ['7d', 604_800_000],
    ['90s', 90_000],
    ['5m', 300_000],
  ])('%s is read and written alike', (text, time) => {
    if (time !== undefined) expect(parseDuration(text)).toBe(time)
    expect(formatDuration(parseDuration(text) ?? -1)).toBe(text === '24h' ? '1d' : text)
  })
  it.each(['10', '10 s', '1.5s', '1m30s', '-1s', '10S', '1w', 'constructor', '1__proto__'])(
    '%j is no duration',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  )

  it.each([
    ['limits', { body: 4_194_304 }, 'limits.body: "4194304": is not a size'],
    ['limits', { head: '1B' }, 'limits.head: "1B": is out of bounds'],
    ['limits', { bodyTimeout: '0s' }, 'limits.bodyTimeout: "0s": is too short'],
    ['limits', { bodyTimeout: '25d' }, 'limits.bodyTimeout: "25d": is too long'],
    ['limits', { connections: 0 }, 'limits.connections: "0": is out of bounds'],
    ['limits', { connections: 1.5 }, 'limits.connections: "1.5": is not a whole number'],
    ['limits', { connections: '007' }, 'limits.connections: "007": is not a whole number'],
    ['log', { level: 'inof' }, 'log.level: "inof": is not one of its words'],
    ['log', { level: ['info'] }, 'log.level: is not one of its words'],
    ['listen', { fastLane: 'yes' }, 'listen.fastLane: "yes": is neither true nor false'],
    [
      'tls',
      { certificate: 'a', key: 'b', minVersion: 'TLSv1.1' },
      'tls.minVersion: "TLSv1.1": is not one of its words',
    ],
    ['tls', { certificate: '', key: 'b' }, 'tls.certificate: "": is empty'],
    ['tls', { certificate: 7, key: 'b' }, 'tls.certificate: "7": is a number, not text'],
    ['tls', { key: 'b' }, 'tls.certificate: is missing'],
    ['client', { anchors: 'digicert-ev' }, 'client.anchors: is not a list'],
  ])('%s %j is told: %s', (section, value, expected) =>
    expect(said(problemsOf(sample({ [section]: value })))).toEqual([expected]),
  )
})

describe('a listen address', () => {
  it.each([
    [':8443', [{ kind: 'tcp', host: undefined, port: 8443 }]],
    ['1.2.3.4:443', [{ kind: 'tcp', host: '1.2.3.4', port: 443 }]],
    ['[::1]:0', [{ kind: 'tcp', host: '::1', port: 0 }]],
    ['unix:/run/hubgate.sock', [{ kind: 'unix', path: '/run/hubgate.sock' }]],
    ['unix:run/x.sock', [{ kind: 'unix', path: '/etc/hubgate/run/x.sock' }]],
    [
      ['127.0.0.1:1', '[::1]:1'],
      [
        { kind: 'tcp', host: '127.0.0.1', port: 1 },
        { kind: 'tcp', host: '::1', port: 1 },
      ],
    ],
  ])('%j is read', (address, expected) =>
    expect(parsed(sample({ listen: { address } })).config.listen.address).toEqual(expected),
  )

  it.each([
    ['8443', 'is not an address with a port'],
    [8443, 'is not an address with a port'],
    ['1.2.3.4', 'is not an address with a port'],
    ['::1:8443', 'is not an address with a port'],
    ['0.0.0.0:80a', 'the port is not a number'],
    [':65536', 'the port is not a number'],
    [':-1', 'the port is not a number'],
    [':', 'the port is not a number'],
    ['localhost:8443', 'the host is not an IP address'],
    ['*:8443', 'the host is not an IP address'],
    ['01.2.3.4:80', 'the host is not an IP address'],
    ['[1.2.3.4]:80', 'the host is not an IP address'],
    ['[fe80::1%eth0]:80', 'the host is not an IP address'],
    ['unix:', 'names no socket'],
    [`unix:/${'x'.repeat(107)}`, 'the path of a Unix socket has at most 107 bytes'],
  ])('%j is refused: %s', (address, message) => {
    const [problem] = problemsOf(sample({ listen: { address } }))
    expect(problem?.setting).toBe('listen.address')
    expect(problem?.message.endsWith(message)).toBe(true)
  })

  it('in a list is named by its index', () => {
    expect(problemsOf(sample({ listen: { address: [':1', ':x'] } }))).toMatchObject([
      { setting: 'listen.address[1]', message: '":x": the port is not a number' },
    ])
    expect(problemsOf(sample({ listen: { address: [] } }))).toMatchObject([{ setting: 'listen.address' }])
    expect(problemsOf(sample({ listen: { address: [[':1']] } }))).toMatchObject([
      { setting: 'listen.address[0]', message: 'is not text' },
    ])
  })
})

describe('prefixes, paths and secrets', () => {
  it.each([
    '31.13.64.0/018',
    '31.13.64.0',
    '31.13.64.1/18',
    '::ffff:1.2.3.0/120',
    '1.2.3.4/33',
    'x"y/3',
    ' 1.2.3.0/24',
    '0.0.0.0/0',
    '::/0',
  ])('sources.extra takes no %j', (prefix) =>
    expect(problemsOf(sample({ sources: { extra: [prefix] } }))).toMatchObject([
      { setting: 'sources.extra[0]' },
    ]),
  )
  it('sources.extra and trustedPeers take strict prefixes', () => {
    const { config } = parsed(
      sample({
        sources: { extra: ['31.13.64.0/18', '2a03:2880::/32'] },
        listen: { trustedPeers: ['10.0.0.0/8', 'unix'] },
      }),
    )
    expect(config.sources.extra).toEqual(['31.13.64.0/18', '2a03:2880::/32'])
    expect(config.listen.trustedPeers).toEqual(['10.0.0.0/8', 'unix'])
  })

  it.each([
    ['webhooks', 'does not begin with /'],
    ['/a?b', 'holds ? or #: a path ends before them'],
    ['/a#b', 'holds ? or #: a path ends before them'],
    ['/a b', 'holds a space, a control character or non-ASCII text'],
    ['/ä', 'holds a space, a control character or non-ASCII text'],
    ['/a\n', 'holds a space, a control character or non-ASCII text'],
  ])('a route cannot have the path %j', (path, message) => {
    expect(problemsOf(sample({ routes: [sampleRoute({ path })] }))[0]?.message.endsWith(message)).toBe(true)
  })

  it.each([
    ['short', 'fifteen-charact', 'has fewer than 16 characters'],
    ['empty', '', 'is blank: an app secret that is empty would prove nothing'],
    ['blank', ' '.repeat(32), 'is blank: an app secret that is empty would prove nothing'],
    [
      'with a newline at its end',
      `${'a'.repeat(32)}\n`,
      'begins or ends with white space, or holds a control character',
    ],
    ['a number', 1234567890123456, 'is a number, not text'],
    ['missing', undefined, 'is empty'],
  ])('an app secret that is %s is refused', (_name, secret, message) => {
    expect(problemsOf(sample({ apps: { shop: { secrets: [secret] } } }))).toMatchObject([
      { setting: 'apps.shop.secrets[0]', message },
    ])
  })
  it('an empty verify token is refused, a short one is not', () => {
    expect(
      problemsOf(sample({ apps: { shop: { secrets: ['x'.repeat(16)], verifyTokens: ['x', ''] } } })),
    ).toMatchObject([{ setting: 'apps.shop.verifyTokens[1]' }])
  })
})
