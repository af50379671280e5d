// Deliveries without promises: who waits is told once, may send again at once, and can give up what is its own alone.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseUpstream } from '../../src/domain/upstream-url.ts'
import type { AnswerReader } from '../../src/upstream/answer-reader.ts'
import type { UpstreamFailure } from '../../src/upstream/failure.ts'
import type { Sending, Waiting } from '../../src/upstream/plain-connection.ts'
import { PlainPool } from '../../src/upstream/plain-pool.ts'
import { OK_CLOSE, OK_KEEP, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/routes.ts'

let upstream: RawUpstream
let pool: PlainPool
beforeAll(async () => {
  upstream = await startRawUpstream()
})
beforeEach(() => {
  pool = new PlainPool()
})
afterEach(async () => {
  pool.destroy()
  await upstream.reset()
})
afterAll(() => upstream.close())

const REQUEST = {
  head: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n',
  body: Buffer.from('{}'),
}

function sending(changed: Partial<Sending> = {}): Sending {
  return { upstream: parseUpstream(upstream.url), ...REQUEST, timeout: 10_000, ...changed }
}

/** Keeps all that it is told. */
class Told implements Waiting {
  readonly heard: string[] = []
  next: () => void = () => {}

  answered(status: number, { answer }: AnswerReader): void {
    this.heard.push(`${status} ${Buffer.from(answer.body).toString('latin1')}`.trim())
    this.next()
  }

  failed({ code }: UpstreamFailure): void {
    this.heard.push(code)
    this.next()
  }

  async end(): Promise<void> {
    await until(() => this.heard.length > 0, 'it is told')
  }
}

const answering = (bytes: string) => upstream.behave({ onRequest: (socket) => void socket.write(bytes) })
const pause = () => new Promise((resolve) => setTimeout(resolve, 30))

describe('who waits', () => {
  it.each([
    ['an answer', OK_KEEP, '200'],
    ['an error', OK_KEEP.replace('200', '503'), '503'],
    ['no answer', 'nonsense', 'UPSTREAM_PROTOCOL'],
    ['an answer with more behind it', `${OK_KEEP}x`, 'UPSTREAM_PROTOCOL'],
  ])('is told once, and not before sending returned: %s', async (_name, bytes, heard) => {
    answering(bytes)
    const told = new Told()
    pool.send(sending(), told)
    expect(told.heard).toEqual([])
    await told.end()
    await pause()
    expect(told.heard).toEqual([heard])
    expect(pool.underWay).toBe(0)
  })

  it('is told of an upstream that does not listen, later', async () => {
    const told = new Told()
    pool.send(sending({ upstream: parseUpstream('unix:/nowhere/at-all.sock:/') }), told)
    expect(told.heard).toEqual([])
    await told.end()
    expect(told.heard).toEqual(['UPSTREAM_UNREACHABLE'])
  })

  it('is told that it was too late, and later bytes say nothing', async () => {
    let held: Socket | undefined
    upstream.behave({ onRequest: (socket) => void (held = socket) })
    const told = new Told()
    pool.send(sending({ timeout: 50 }), told)
    await told.end()
    held?.write(OK_KEEP)
    await pause()
    expect(told.heard).toEqual(['UPSTREAM_TIMEOUT'])
    expect(pool.underWay).toBe(0)
  })

  it('has the whole timeout for each delivery of a connection', async () => {
    answering(OK_KEEP)
    const told = new Told()
    pool.send(sending({ timeout: 60 }), told)
    await told.end()
    upstream.behave({ onRequest: (socket) => void setTimeout(() => socket.write(OK_KEEP), 150) })
    pool.send(sending(), told)
    await until(() => told.heard.length === 2, 'it is told again')
    expect(told.heard).toEqual(['200', '200'])
    expect(upstream.connections).toBe(1)
  })

  it('may send again as it is told, on the same connection or a new one', async () => {
    const answers = [OK_KEEP, OK_KEEP, OK_CLOSE, OK_KEEP]
    upstream.behave({ onRequest: (socket) => void socket.write(answers[upstream.requests.length - 1] ?? '') })
    const told = new Told()
    told.next = () => {
      if (told.heard.length < answers.length) pool.send(sending(), told)
    }
    pool.send(sending(), told)
    await until(() => told.heard.length === answers.length, 'all are answered')
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 1, 1, 2])
  })

  it('gets each answer for itself, whatever came before on the connection', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\nX-A: b\r\n\r\n',
      'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 201 OK\r\nContent-Length: 1\r\n\r\nb',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nc',
      'HTTP/1.1 204 OK\r\nKeep-Alive: timeout=9\r\n\r\n',
      OK_KEEP,
    ]
    upstream.behave({ onRequest: (socket) => void socket.write(answers[upstream.requests.length - 1] ?? '') })
    const told = new Told()
    told.next = () => {
      if (told.heard.length < answers.length) pool.send(sending({ keepBody: true }), told)
    }
    pool.send(sending({ keepBody: true }), told)
    await until(() => told.heard.length === answers.length, 'all are answered')
    expect(told.heard).toEqual(['200 a', '201 b', '200 c', '204', '200'])
    expect(upstream.connections).toBe(1)
  })
})

describe('giving up', () => {
  it('closes the connection, and nothing is told', async () => {
    answering('')
    const told = new Told()
    const carrier = pool.send(sending(), told)
    await until(() => upstream.requests.length === 1, 'it is there')
    expect(pool.underWay).toBe(1)
    carrier.giveUp(told)
    expect(pool.underWay).toBe(0)
    await until(() => upstream.open === 0, 'it is closed')
    expect(told.heard).toEqual([])
  })

  it("does nothing to the next one's delivery, nor to an idle connection", async () => {
    answering(OK_KEEP)
    const [first, second] = [new Told(), new Told()]
    const carrier = pool.send(sending(), first)
    await first.end()
    carrier.giveUp(first)
    expect(pool.send(sending(), second)).toBe(carrier)
    carrier.giveUp(first)
    await second.end()
    expect([first.heard, second.heard]).toEqual([['200'], ['200']])
    expect(upstream.connections).toBe(1)
  })
})

describe('connections', () => {
  it('are common to all who name the same place, and none is remembered once it is closed', async () => {
    answering(OK_KEEP)
    const told = new Told()
    const same = [parseUpstream(upstream.url), parseUpstream(`${upstream.url}/other`)]
    for (const [i, place] of [...same, ...same].entries()) {
      pool.send(sending({ upstream: place }), told)
      await until(() => told.heard.length === i + 1, 'it is answered')
      for (const each of same) expect(pool.idleTo(each)).toHaveLength(1)
    }
    expect(upstream.connections).toBe(1)
    pool.destroy()
    await until(() => same.every((each) => pool.idleTo(each).length === 0), 'it is gone')
    const elsewhere = parseUpstream('unix:/nowhere/at-all.sock:/')
    for (const place of [elsewhere, ...same, parseUpstream(upstream.url)]) {
      const before = told.heard.length
      pool.send(sending({ upstream: place }), told)
      await until(() => told.heard.length > before, 'it is told')
    }
    expect(upstream.connections).toBe(2)
  })

  it('write from the same memory, and each request arrives as it is', async () => {
    answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    const bodies = [20, 16 * 1024, 16 * 1024 + 1, 3, 300_000, 9_000].map((size) => randomBytes(size))
    for (const body of bodies) {
      const told = new Told()
      const head = `POST /${body.length} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`
      pool.send(sending({ head, body }), told)
      await told.end()
    }
    expect(upstream.requests.map(({ body }) => body.equals(bodies.shift() ?? body))).toEqual(
      Array.from({ length: 6 }, () => true),
    )
    expect(upstream.connections).toBe(1)
  })

  it('read into common memory, and each gets its own bytes, however they come', async () => {
    // Answers of many reads, written in pieces in turn, so that all connections are in the middle of one at once.
    upstream.behave({
      onRequest: (socket, { body }) => {
        const content = body.toString('latin1').repeat(3_000)
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`)
        for (let at = 0; at < content.length; at += 7_001)
          setImmediate(() => socket.write(content.slice(at, at + 7_001), 'latin1'))
      },
    })
    const all = Array.from({ length: 24 }, () => {
      const id = randomBytes(8).toString('hex')
      const told = new Told()
      const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${id.length}\r\n\r\n`
      pool.send(sending({ head, body: Buffer.from(id), keepBody: true }), told)
      return { id, told }
    })
    for (const { id, told } of all) {
      await told.end()
      expect(told.heard).toEqual([`200 ${id.repeat(3_000)}`])
    }
    expect(upstream.connections).toBe(24)
  })
})
