// One exchange tells truly how a connection ended, whatever the other side does.
import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { exchange } from '../../src/lab/exchange.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function listen(serve: (socket: Socket) => void): Promise<{ host: string; port: number; tls: false }> {
  server = createServer((socket) => {
    socket.on('error', () => {})
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: false }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const CLOSING = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

describe('an exchange', () => {
  it('is answered', async () => {
    const dial = await listen((socket) => socket.once('data', () => socket.write(OK)))
    const { ended, answers, localPort } = await exchange({ dial, steps: ['hello'] })
    expect(ended).toBe('answered')
    expect(answers[0]?.body.toString()).toBe('ok')
    expect(localPort).toBeGreaterThan(0)
  })

  it('is reset', async () => {
    const dial = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect((await exchange({ dial, steps: ['hello'] })).ended).toBe('reset')
  })

  it('is closed', async () => {
    const dial = await listen((socket) => socket.resume().end())
    expect((await exchange({ dial, steps: [] })).ended).toBe('closed')
  })

  it('times out against silence', async () => {
    const dial = await listen((socket) => socket.resume())
    const { ended, ms } = await exchange({ dial, steps: ['hello'], deadline: 100 })
    expect(ended).toBe('timeout')
    expect(ms).toBeLessThan(2000)
  })

  it('times out against an endless drip', async () => {
    const dial = await listen((socket) => {
      const drip = setInterval(() => socket.write('H'), 20)
      socket.once('close', () => clearInterval(drip))
    })
    const { ended, ms } = await exchange({ dial, steps: ['hello'], deadline: 200 })
    expect(['timeout', 'closed']).toContain(ended)
    expect(ms).toBeLessThan(2000)
  })

  it('says what was malformed', async () => {
    const dial = await listen((socket) => socket.end('SSH-2.0\r\n\r\n'))
    const { ended, error } = await exchange({ dial, steps: ['hello'] })
    expect(ended).toBe('closed')
    expect(error).toContain('status line')
  })

  it('waits for a close that was announced, and tells where none came', async () => {
    const closing = await listen((socket) => socket.once('data', () => socket.end(CLOSING)))
    expect((await exchange({ dial: closing, steps: ['a'] })).closedAfter).toBe(true)
    server?.close()
    const lying = await listen((socket) => socket.once('data', () => socket.write(CLOSING)))
    const { ended, closedAfter } = await exchange({ dial: lying, steps: ['a'] })
    expect(ended).toBe('answered')
    expect(closedAfter).toBe(false)
  })

  it('reports that nobody listens', async () => {
    const dial = await listen(() => {})
    server?.close()
    await once(server ?? createServer(), 'close')
    const { ended, error } = await exchange({ dial, steps: ['a'] })
    expect(ended).toBe('closed')
    expect(error).toContain('ECONNREFUSED')
  })

  it('reports a server that is no TLS server', async () => {
    const { host, port } = await listen((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
    )
    const { ended, error, handshaken } = await exchange({ dial: { host, port }, steps: ['a'] })
    expect(ended).toBe('closed')
    expect(handshaken).toBe(false)
    expect(error).toMatch(/wrong version number|SSL/i)
  })
})
