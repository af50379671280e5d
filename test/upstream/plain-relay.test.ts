// Deliveries over connections of our own: which are kept and for how long, what is written on them, and that nothing of a
// delivery stays behind, however it ended.
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ClientDeparture } from '../../src/domain/departure.ts'
import { parseUpstream } from '../../src/domain/upstream-url.ts'
import { type Agents, createAgents } from '../../src/upstream/agents.ts'
import { type Outgoing, relay } from '../../src/upstream/relay.ts'
import { requestHead } from '../../src/upstream/request-head.ts'
import { OK_KEEP, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/routes.ts'

let upstream: RawUpstream
let agents: Agents
let departure: ClientDeparture
beforeAll(async () => {
  upstream = await startRawUpstream()
})
beforeEach(() => {
  agents = createAgents()
  departure = new ClientDeparture()
})
afterEach(async () => {
  agents.destroy()
  await upstream.reset()
})
afterAll(() => upstream.close())

function outgoing(changed: Partial<Outgoing> = {}, url = upstream.url, timeout = 10_000): Outgoing {
  return {
    route: {
      path: '/',
      mode: 'relay',
      answer: 'status',
      challenge: 'answer',
      host: 'received',
      clientCert: false,
      timeout,
      upstream: parseUpstream(url),
      apps: [],
      keys: [],
      tokens: [],
    },
    method: 'POST',
    target: '/',
    fields: ['Host', 'gw.example', 'Content-Length', '2'],
    body: Buffer.from('{}'),
    signal: departure,
    ...changed,
  }
}
const idle = () => agents.plain.idleTo(outgoing().route.upstream)
const answering = (bytes: string) => upstream.behave({ onRequest: (socket) => void socket.write(bytes) })

describe('a connection', () => {
  it.each([
    ['HTTP/1.1', OK_KEEP, true],
    ['HTTP/1.0', OK_KEEP.replace('1.1', '1.0'), false],
    ['Connection: close', OK_KEEP.replace('C', 'Connection: close\r\nC'), false],
    ['Keep-Alive: timeout=1', OK_KEEP.replace('C', 'Keep-Alive: timeout=1\r\nC'), false],
    ['an empty line behind the answer', `${OK_KEEP}\r\n`, false],
    ['an error', OK_KEEP.replace('200', '500'), true],
  ])('after %s: kept is %s', async (_name, bytes, kept) => {
    answering(bytes)
    await relay(agents, outgoing(), false)
    expect(idle()).toHaveLength(kept ? 1 : 0)
    if (!kept) await until(() => upstream.open === 0, 'it is closed')
  })

  it('carries a hundred deliveries without anything that grows, and the one used last is used next', async () => {
    const held: Socket[] = []
    upstream.behave({ onRequest: (socket) => void held.push(socket) })
    const both = [relay(agents, outgoing(), false), relay(agents, outgoing(), false)]
    await until(() => held.length === 2, 'both are there')
    held[1]?.write(OK_KEEP)
    await both[1]
    held[0]?.write(OK_KEEP)
    await both[0]
    answering(OK_KEEP)
    const [, last] = idle()
    const listeners = () => last?.socket.eventNames().map((name) => [name, last.socket.listenerCount(name)])
    const before = JSON.stringify(listeners())
    for (let i = 0; i < 100; i += 1) await relay(agents, outgoing(), false)
    expect(JSON.stringify(listeners())).toBe(before)
    expect(
      upstream.requests.slice(2).every(({ connection }) => connection === upstream.requests[2]?.connection),
    ).toBe(true)
    expect(idle().at(-1)).toBe(last)
    expect(upstream.connections).toBe(2)
    expect(agents.plain.underWay).toBe(0)
  })

  it('that idles is closed after 4 s, before an upstream that allows 5 s does', async () => {
    answering(OK_KEEP)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      await relay(agents, outgoing(), false)
      vi.advanceTimersByTime(3_900)
      expect(idle()[0]?.usable).toBe(true)
      vi.advanceTimersByTime(200)
      expect(idle()[0]?.usable).toBe(false)
    } finally {
      vi.useRealTimers()
    }
    await until(() => upstream.open === 0 && idle().length === 0, 'it is gone')
  })

  it('leads to a name with several addresses, and to a Unix socket', async () => {
    answering(OK_KEEP)
    const named = upstream.url.replace('127.0.0.1', 'localhost')
    expect(await relay(agents, outgoing({}, named), false)).toMatchObject({ status: 200 })
    const local = await startRawUpstream({ path: join(tmpdir(), `hubgate-test-${process.pid}.sock`) })
    try {
      local.behave({ onRequest: (socket) => void socket.write(OK_KEEP) })
      for (let i = 0; i < 3; i += 1)
        expect(await relay(agents, outgoing({}, `${local.url}:/x`), false)).toMatchObject({ status: 200 })
      expect(local.connections).toBe(1)
    } finally {
      await local.close()
    }
  })

  it('is not left behind by an end of them all', async () => {
    answering('')
    const waiting = relay(agents, outgoing(), false)
    await until(() => upstream.requests.length === 1, 'it is there')
    agents.destroy()
    await expect(waiting).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    await until(() => upstream.open === 0, 'it is closed')
  })
})

describe('a delivery', () => {
  it.each([
    ['a second answer', OK_KEEP + OK_KEEP],
    ['more content than announced', `${OK_KEEP}x`],
    ['a redirect', OK_KEEP.replace('200', '302')],
  ])('is not acknowledged by %s in the same bytes', async (_name, bytes) => {
    answering(bytes)
    await expect(relay(agents, outgoing(), false)).rejects.toMatchObject({ code: 'UPSTREAM_PROTOCOL' })
    await until(() => upstream.open === 0, 'it is closed')
  })

  it.each([
    ['at once', () => departure.abort()],
    ['while it is on its way', () => setImmediate(() => departure.abort())],
    [
      'while the upstream is at work',
      () => void until(() => upstream.requests.length === 1, '').then(() => departure.abort()),
    ],
  ])('is taken back where the client goes away %s', async (_name, leave) => {
    answering('')
    const delivering = relay(agents, outgoing(), false)
    leave()
    await expect(delivering).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    await until(() => upstream.open === 0, 'its connection is closed')
    expect(agents.plain.underWay).toBe(0)
  })

  it('ends at its deadline, whatever drips in, and its connection with it', async () => {
    upstream.behave({
      onRequest: (socket) => {
        const timer = setInterval(() => socket.write('HTTP/1.1 200 OK\r\nA: b'.slice(0, 1)), 5)
        socket.once('close', () => clearInterval(timer))
      },
    })
    await expect(relay(agents, outgoing({}, upstream.url, 100), false)).rejects.toBeInstanceOf(Error)
    upstream.behave({ onRequest: (socket) => void socket.write('HTTP/1.1 200') })
    await expect(relay(agents, outgoing({}, upstream.url, 100), false)).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    })
    await until(() => upstream.open === 0, 'it is closed')
    expect(agents.plain.underWay).toBe(0)
  })

  it.each([0, 1, 16 * 1024, 16 * 1024 + 1, 3 * 1024 * 1024])(
    'of %i bytes arrives whole, twice on one connection',
    async (size) => {
      answering(OK_KEEP)
      const body = Buffer.alloc(size, '0123456789')
      const fields = ['Host', 'gw.example', 'Content-Length', `${size}`]
      for (let i = 0; i < 2; i += 1) await relay(agents, outgoing({ body, fields }), false)
      expect(upstream.requests.map((request) => request.body.equals(body))).toEqual([true, true])
      expect(upstream.connections).toBe(1)
    },
  )

  it("brings the answer's content where that is wanted, after other answers came into the same memory", async () => {
    const answers = ['first', 'again', 'third'].map(
      (text) => `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${text}`,
    )
    upstream.behave({ onRequest: (socket) => void socket.write(answers[upstream.requests.length - 1] ?? '') })
    const bodies: Uint8Array[] = []
    for (let i = 0; i < 3; i += 1) bodies.push((await relay(agents, outgoing(), true)).body)
    expect(bodies.map((body) => Buffer.from(body).toString())).toEqual(['first', 'again', 'third'])
    expect(upstream.connections).toBe(1)
  })
})

describe('what is written', () => {
  const written = (changed: Partial<Outgoing>) => requestHead(outgoing(changed))

  it('is the head as given', () => {
    const fields = ['hOST', 'a', 'X-A', '', 'x-a', '\u00e9\t;', 'Content-Length', '2']
    expect(written({ target: '/b?c=%0d\u00e9', fields })).toBe(
      'POST /b?c=%0d\u00e9 HTTP/1.1\r\nhOST: a\r\nX-A: \r\nx-a: \u00e9\t;\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n',
    )
  })

  const bad = ['\r\nX-B: c', '\n', '\r', '\u0000', '\u007f', '\u0100', '\r\n\r\nPOST / HTTP/1.1']
  it.each(bad)('never holds %j in a value, a name or the target', (text) => {
    expect(() => written({ fields: ['Host', `a${text}`] })).toThrow(TypeError)
    expect(() => written({ fields: [`X${text}`, 'a'] })).toThrow(TypeError)
    expect(() => written({ target: `/${text}` })).toThrow(TypeError)
    expect(() => written({ method: `POST${text}` })).toThrow(TypeError)
  })

  it.each(['', '/a b', '/a\tb'])('never has a target like %j', (target) => {
    expect(() => written({ target })).toThrow(TypeError)
  })
})

describe('a departure', () => {
  it('is told once, to those who still listen', () => {
    const told: string[] = []
    const [stays, goes] = [() => void told.push('stays'), () => void told.push('goes')]
    departure.addEventListener('abort', stays)
    departure.addEventListener('abort', goes)
    departure.removeEventListener('abort', goes)
    expect(departure.aborted).toBe(false)
    departure.abort()
    departure.abort()
    expect(departure.aborted).toBe(true)
    expect(told).toEqual(['stays'])
  })
})
