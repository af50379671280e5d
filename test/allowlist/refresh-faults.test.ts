// Whatever is wrong with the registry, the list stays byte for byte, nothing else is left behind, and the words say what it was.
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type RegistryFault, RegistryError } from '../../src/allowlist/registry-error.ts'
import type { RegistryConfig } from '../../src/config/config.ts'
import { type KeptList, PRESENT, forgetLists, keptList } from '../support/kept-list.ts'
import { FAULTS, type Fault, type FaultName, cutAt, floods, resetAt } from '../support/registry-faults.ts'
import { META_PREFIXES, routeTo } from '../support/registry-objects.ts'
import { type Registry, closedPort, startRegistry } from '../support/registry.ts'
import { startUnaccepting } from '../support/unaccepting.ts'

type Protocol = RegistryConfig['protocol']
const PROTOCOLS: readonly Protocol[] = ['whois', 'irrd']

/** Meta's alone: the short protocol could not tell the others apart. */
const ROUTES = META_PREFIXES.map(routeTo)

const registries: Registry[] = []
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.close()))
})
afterAll(forgetLists)

async function listWith(fault: Fault, registry: Partial<RegistryConfig> = {}): Promise<KeptList> {
  const started = await startRegistry(ROUTES, fault)
  registries.push(started)
  return keptList({
    registry: { server: started, tries: 1, readTimeout: 10_000, totalTimeout: 10_000, ...registry },
  })
}

/** Refreshes in vain, and sees that nothing has changed. @returns why. */
async function refusalOf(list: KeptList): Promise<RegistryError> {
  const error: unknown = await list.refresh().catch((reason: unknown) => reason)
  if (!(error instanceof RegistryError)) throw new Error(`no RegistryError: ${String(error)}`)
  expect(await list.text()).toBe(PRESENT)
  expect(await list.names()).toEqual(['as32934.txt', 'as32934.txt.status.json'])
  expect(await list.status()).toMatchObject({ outcome: 'failed', detail: error.message })
  expect(`${error.message}${error.hint ?? ''}`).toMatch(/^[ -~]+$/)
  return error
}

interface Row {
  readonly fault: FaultName
  /** The same for both protocols, or one for each. */
  readonly is: RegistryFault | Readonly<Record<Protocol, RegistryFault>>
  readonly says: RegExp | Readonly<Record<Protocol, RegExp>>
}

const TABLE: readonly Row[] = [
  { fault: 'resets each connection', is: 'reset', says: /:\d+: the connection was reset/ },
  { fault: 'closes each connection at once', is: 'truncated', says: /without an answer|cut off/ },
  { fault: 'answers nothing', is: 'truncated', says: /without an answer|cut off/ },
  { fault: 'denies access, without a line end', is: 'denied', says: /refuses us: "%% Access denied"/ },
  { fault: 'denies access before it is asked', is: 'denied', says: /refuses us: "%% Access denied"/ },
  { fault: 'denies access, then resets', is: 'denied', says: /refuses us: "%% Access denied"/ },
  {
    fault: 'denies access as RIPE does',
    is: 'denied',
    says: /refuses us: "%ERROR:201: access denied for 192/,
  },
  {
    fault: 'answers with an error',
    is: 'refused',
    says: /"%% ERROR: Unable to process query: internal error"/,
  },
  { fault: 'answers with an error, without a line end', is: 'refused', says: /"%% ERROR: internal error"/ },
  {
    fault: 'answers with an error of the short protocol',
    is: { whois: 'unreadable', irrd: 'refused' },
    says: /"F internal error"/,
  },
  { fault: 'knows no entries', is: 'empty', says: /knows no route object for this query/ },
  { fault: 'knows no entries, as RIPE says it', is: 'empty', says: /knows no route object for this query/ },
  { fault: 'is a captive portal', is: 'unreadable', says: /"HTTP\/1\.1 302 Found/ },
  { fault: 'is a captive portal of one line', is: 'unreadable', says: /"<!DOCTYPE html>/ },
  { fault: 'is an SSH server', is: 'unreadable', says: /"SSH-2\.0-OpenSSH/ },
  { fault: 'answers in binary', is: 'unreadable', says: /"[ -~]+"/ },
  {
    fault: 'answers with objects of another class',
    is: { whois: 'empty', irrd: 'unreadable' },
    says: { whois: /holds no route object/, irrd: /none of IRRd's: "inetnum:/ },
  },
  {
    fault: 'answers twice',
    is: 'unreadable',
    says: { whois: /goes on behind its end/, irrd: /none of IRRd's: "C"$/ },
  },
]

describe.each(PROTOCOLS)('asked in %s, a registry that', (protocol) => {
  it.each(TABLE.map((row) => [row.fault, row] as const))('%s', async (name, { is, says }) => {
    const error = await refusalOf(await listWith(FAULTS[name], { protocol }))
    expect([error.fault, error.message]).toEqual([
      typeof is === 'string' ? is : is[protocol],
      expect.stringMatching(says instanceof RegExp ? says : says[protocol]),
    ])
  })

  it('never answers is left after a while without a byte', async () => {
    const error = await refusalOf(await listWith(FAULTS['never answers'], { protocol, readTimeout: 200 }))
    expect([error.fault, error.message]).toEqual(['timeout', expect.stringMatching(/: silent for 200 ms$/)])
  })

  it('drips is left when its time is over, though it is never silent', async () => {
    const error = await refusalOf(await listWith(FAULTS['drips'], { protocol, totalTimeout: 400 }))
    expect([error.fault, error.message]).toEqual([
      'timeout',
      expect.stringMatching(/: no whole answer within 400 ms$/),
    ])
  })

  it('sends a gigabyte is left at the largest answer', async () => {
    const flood = floods(
      'route: 157.240.0.0/16\norigin: AS32934\nmnt-by: MAINT-AS32934\nsource: RADB\n\n',
      2 ** 30,
    )
    const error = await refusalOf(await listWith(flood, { protocol, maxAnswer: 2 ** 21 }))
    expect([error.fault, error.message]).toEqual([
      'too-large',
      expect.stringMatching(/: an answer of more than 2097152 bytes$/),
    ])
    // What is under way in the kernel's buffers has gone out, too.
    expect(flood.sent()).toBeLessThan(2 ** 27)
  })

  it('sends a line without end is left long before', async () => {
    const flood = floods('a', 2 ** 30)
    const error = await refusalOf(await listWith(flood, { protocol }))
    expect([error.fault, error.message]).toEqual([
      'too-large',
      expect.stringMatching(/: a line without end$/),
    ])
    expect(flood.sent()).toBeLessThan(2 ** 27)
  })

  it('sends a line without end after many whole ones is left, too', async () => {
    const start = `${'remarks: x\n'.repeat(20_000)}a`
    const flood: Fault = {
      onAnswer: (socket, answer) => {
        socket.write(start)
        floods('a', 2 ** 30).onAnswer?.(socket, answer)
      },
    }
    expect((await refusalOf(await listWith(flood, { protocol }))).message).toMatch(/a line without end$/)
  })

  it('is not there', async () => {
    const server = { host: '127.0.0.1', port: await closedPort() }
    const error = await refusalOf(await keptList({ registry: { server, protocol, tries: 1 } }))
    expect([error.fault, error.message]).toEqual([
      'unreachable',
      `127.0.0.1:${server.port}: no connection (ECONNREFUSED)`,
    ])
    expect(error.hint).toMatch(/firewall for TCP port 43/)
  })

  it('takes no connection is left after a while', async () => {
    const server = await startUnaccepting()
    try {
      const list = await keptList({ registry: { server, protocol, tries: 1, connectTimeout: 300 } })
      const error = await refusalOf(list)
      expect([error.fault, error.message]).toEqual([
        'timeout',
        expect.stringMatching(/: no connection within 300 ms$/),
      ])
    } finally {
      await server.close()
    }
  })

  // The readers' own tests cut at every byte.
  const length = protocol === 'whois' ? 10_000 : 90
  it.each(Array.from({ length: 12 }, (_, i) => Math.floor((length / 12) * i) + (i % 3)))(
    'is cut off behind byte %i, by an end or by a reset',
    async (bytes) => {
      expect((await refusalOf(await listWith(cutAt(bytes), { protocol }))).fault).toBe('truncated')
      expect((await refusalOf(await listWith(resetAt(bytes), { protocol }))).fault).toBe('reset')
    },
  )

  it.each([-1, -2, -3])('is cut off %i bytes before its end', async (bytes) => {
    expect((await refusalOf(await listWith(cutAt(bytes), { protocol }))).fault).toBe('truncated')
  })
})

describe('asked in irrd, a registry that', () => {
  it.each([
    ['is cut off', cutAt(30), 'truncated'],
    ['is reset', resetAt(30), 'reset'],
    ['is denied', FAULTS['denies access, without a line end'], 'denied'],
  ] as const)('answers for IPv4, and %s when it comes to IPv6', async (_name, second, expected) => {
    let answers = 0
    const fault: Fault = {
      onAnswer: (socket, answer) => {
        answers += 1
        if (answers === 1) socket.end(answer)
        else second.onAnswer?.(socket, answer)
      },
    }
    expect((await refusalOf(await listWith(fault, { protocol: 'irrd' }))).fault).toBe(expected)
    expect(answers).toBe(2)
  })
})
