// Load keeps its rate and its bounds, and counts every way a delivery can end.
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { percentiles, runLoad } from '../../src/lab/load.ts'

let server: Server | undefined
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

const BYTES = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')

async function start(options: { status: number; delay?: number; close?: boolean }) {
  let most = 0
  server = createServer((request, response) => {
    request.resume()
    most = Math.max(most, sockets)
    if (options.close === true) response.shouldKeepAlive = false
    setTimeout(() => response.writeHead(options.status, { 'content-length': 0 }).end(), options.delay ?? 0)
  })
  let sockets = 0
  server.on('connection', (socket) => {
    sockets++
    socket.once('close', () => sockets--)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { dial: { host: '127.0.0.1', port, tls: false as const }, most: () => most }
}

describe('load', () => {
  it('sends at the rate that was asked for', async () => {
    const { dial } = await start({ status: 200 })
    const summary = await runLoad({ dial, bytes: BYTES, rate: 100, duration: 1000, connections: 4 })
    expect(summary.sent).toBeGreaterThan(80)
    expect(summary.sent).toBeLessThanOrEqual(101)
    expect(summary.outcomes).toEqual({ '200': summary.sent })
    expect(summary.latency?.p50).toBeGreaterThan(0)
  })

  it('never opens more connections than allowed, and says what was never sent', async () => {
    const { dial, most } = await start({ status: 200, delay: 300 })
    const summary = await runLoad({ dial, bytes: BYTES, rate: 200, duration: 600, connections: 3 })
    expect(most()).toBeLessThanOrEqual(3)
    expect(summary.connections).toBe(3)
    expect(summary.outcomes['never sent'] ?? 0).toBeGreaterThanOrEqual(0)
    expect(summary.latency?.max).toBeGreaterThan(250)
  })

  it('counts other statuses, and connects again where the other side closes', async () => {
    const { dial } = await start({ status: 403, close: true })
    const summary = await runLoad({ dial, bytes: BYTES, rate: 50, duration: 500, connections: 2 })
    expect(summary.outcomes).toEqual({ '403': summary.sent })
    expect(summary.acknowledgedPerSecond).toBe(0)
  })

  it('ends where nobody listens', async () => {
    const dial = { host: '127.0.0.1', port: 1, tls: false as const }
    const summary = await runLoad({ dial, bytes: BYTES, rate: 20, duration: 200, connections: 2 })
    expect(Object.keys(summary.outcomes)).toEqual(['not connected (closed)'])
    expect(summary.latency).toBeUndefined()
  })

  it('takes percentiles of what it measured', () => {
    expect(percentiles([])).toBeUndefined()
    expect(percentiles(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({
      p50: 50,
      p90: 90,
      p99: 99,
      max: 100,
    })
  })
})
