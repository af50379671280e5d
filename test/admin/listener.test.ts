// The admin listener: what it tells, how strictly it is asked, where it listens and how it ends. Who may ask is in
// access.test.ts.
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/config/secret.ts'
import { CANARY_ADMIN_TOKEN } from '../canary.ts'
import { type Asking, BEARER, ENDPOINTS, TOKEN, ask, gateway, portOf, start, started } from './ask.ts'

describe('on loopback', () => {
  it.each(ENDPOINTS)('%s %s is answered without a token', async (method, path) => {
    const answer = await ask(await started(), path, { method })
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })

  it('readiness has its details, and 503 where it is not', async () => {
    const checks = [{ name: 'listening', ok: false, required: true, detail: 'draining' }]
    const listener = await started({ administered: gateway({ readiness: () => ({ ready: false, checks }) }) })
    expect(await ask(listener, '/readyz')).toMatchObject({ status: 503, value: { ready: false, checks } })
  })

  it('livez says 503 where the process does not work', async () => {
    const listener = await started({ administered: gateway({ live: () => false }) })
    expect(await ask(listener, '/livez')).toMatchObject({ status: 503, value: { live: false } })
  })

  it('metrics are text of the format that scrapers know', async () => {
    const { headers, text } = await ask(await started(), '/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain('hubgate_build_info')
  })

  it('a reload tells its outcome', async () => {
    const problems = [{ setting: 'tls.key', message: 'does not fit' }]
    const listener = await started({
      administered: gateway({ reload: async () => ({ outcome: 'refused', problems }) }),
    })
    expect(await ask(listener, '/api/reload', { method: 'POST' })).toMatchObject({
      status: 422,
      value: { outcome: 'refused', problems },
    })
  })

  it('a configured token is demanded here, too, but not for health', async () => {
    const listener = await started({ token: TOKEN })
    expect((await ask(listener, '/readyz')).value).toHaveProperty('checks')
    for (const [method, path] of ENDPOINTS.slice(2)) {
      expect((await ask(listener, path, { method })).status, path).toBe(401)
      expect((await ask(listener, path, { method, headers: BEARER })).status, path).toBe(200)
    }
  })

  it('takes the token that is valid now', async () => {
    let token = new Secret('old-admin-token-00000')
    const listener = await started({ token: () => token })
    expect((await ask(listener, '/metrics', { headers: BEARER })).status).toBe(401)
    token = TOKEN
    expect((await ask(listener, '/metrics', { headers: BEARER })).status).toBe(200)
  })
})

describe('strictness', () => {
  it.each([
    '/',
    '/Livez',
    '/livez/',
    '//livez',
    '/%6civez',
    '/../livez',
    '/api',
    '/api/reload/x',
    '*',
    '/__proto__',
  ])('%s is no path', async (path) => expect((await ask(await started(), path)).status).toBe(404))

  it('a query does not change the path', async () =>
    expect((await ask(await started(), '/readyz?verbose')).status).toBe(200))

  it.each([
    ['POST', '/livez', 'GET'],
    ['HEAD', '/readyz', 'GET'],
    ['PUT', '/metrics', 'GET'],
    ['OPTIONS', '/metrics', 'GET'],
    ['GET', '/api/reload', 'POST'],
    ['DELETE', '/api/reload', 'POST'],
  ])('%s %s is refused', async (...[method, path, allow]) => {
    const administered = gateway()
    const answer = await ask(await started({ administered }), path, { method })
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe(allow)
    expect(administered.asked.reload).toBe(0)
  })

  it('a body may be small JSON, and nothing else', async () => {
    const listener = await started()
    const post = (headers: Asking['headers'], body: string) =>
      ask(listener, '/api/reload', { method: 'POST', ...(headers === undefined ? {} : { headers }), body })
    expect((await post({ 'Content-Type': 'application/json', 'Content-Length': 2 }, '{}')).status).toBe(200)
    const long = 'x'.repeat(2_000)
    expect((await post({ 'Content-Type': 'application/json', 'Content-Length': 2_000 }, long)).status).toBe(
      413,
    )
    expect(
      (await post({ 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }, '{}')).status,
    ).toBe(411)
  })

  it('a large head is refused', async () => {
    const answer = await ask(await started(), '/livez', { headers: { 'X-Pad': 'x'.repeat(10_000) } })
    expect(answer.status).toBe(431)
  })

  it('what breaks inside is told to the log, not to the asker', async () => {
    const faults: unknown[] = []
    const administered = gateway({ metrics: () => Promise.reject(new Error(`secret ${CANARY_ADMIN_TOKEN}`)) })
    const listener = await started({ administered, onFault: (error) => void faults.push(error) })
    const answer = await ask(listener, '/metrics')
    expect(answer).toMatchObject({ status: 500, value: { error: { code: 'INTERNAL_ERROR' } } })
    expect(answer.text).not.toContain(CANARY_ADMIN_TOKEN)
    expect(faults).toHaveLength(1)
  })

  it('survives bytes that are no HTTP', async () => {
    const listener = await started()
    const port = portOf(listener)
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end('\u0016\u0003\u0001 not http\r\n\r\n'))
      socket
        .resume()
        .on('error', () => {})
        .on('close', () => resolve())
    })
    expect((await ask(listener, '/livez')).status).toBe(200)
  })
})

describe('on a Unix socket', () => {
  it('answers its owner by any name, and leaves nothing behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hubgate-admin-'))
    try {
      const path = join(directory, 'admin.sock')
      const listener = await start({ address: { kind: 'unix', path } })
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect((await ask(listener, '/readyz', { headers: { Host: 'anything' } })).value).toHaveProperty(
        'checks',
      )
      await listener.close()
      await expect(stat(path)).rejects.toThrow(/ENOENT/)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe('closing', () => {
  it('waits for what is asked, not for idle connections, and may be done twice', async () => {
    const listener = await start()
    const port = portOf(listener)
    const idle = connect(port, '127.0.0.1')
    await new Promise((resolve) => void idle.once('connect', resolve))
    const gone = new Promise((resolve) => void idle.on('error', () => {}).once('close', resolve))
    await listener.close()
    await listener.close()
    await gone
  })

  it('an address in use is an error', async () => {
    const port = portOf(await started())
    await expect(start({ address: { kind: 'tcp', host: '127.0.0.1', port } })).rejects.toThrow(/EADDRINUSE/)
  })
})
