// Who gets what from the admin listener: no page by a rebound name or from another site, and nobody beyond loopback without
// the token.
import { describe, expect, it } from 'vitest'
import type { Secret } from '../../src/config/secret.ts'
import { CANARY_ADMIN_TOKEN } from '../canary.ts'
import { type Asking, BEARER, ENDPOINTS, TOKEN, ask, gateway, start, started } from './ask.ts'

const BEYOND = { address: { kind: 'tcp', host: '0.0.0.0', port: 0 }, token: TOKEN } as const

describe('a page whose name was rebound to loopback', () => {
  it.each([
    'evil.example',
    'evil.example:8444',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example#localhost',
    '8.8.8.8',
    '10.0.0.1:8444',
    '0.0.0.0',
    '[2a03:2880::1]',
    '127.1',
    '0177.0.0.1',
    '2130706433',
    'localhost:evil',
    'user@localhost',
    '[::1',
  ])('Host: %j gets nothing', async (Host) => {
    const administered = gateway()
    const listener = await started({ administered })
    for (const [method, path] of ENDPOINTS) {
      const answer = await ask(listener, path, { method, headers: { Host } })
      expect(answer.status, path).toBe(403)
      expect(answer.value).toEqual({ error: { code: 'HOST_NOT_ALLOWED', message: expect.any(String) } })
    }
    expect(administered.asked).toEqual({ reload: 0, metrics: 0 })
  })

  it.each([
    'localhost',
    'LOCALHOST:1',
    'localhost:8444',
    '127.0.0.1',
    '127.0.0.1:9',
    '127.8.8.8',
    '[::1]:8444',
    '[::ffff:127.0.0.1]',
  ])('Host: %s is ours', async (Host) =>
    expect((await ask(await started(), '/readyz', { headers: { Host } })).status).toBe(200),
  )

  it('a right token makes any Host good: no page has it', async () => {
    const listener = await started({ token: TOKEN })
    const named = await ask(listener, '/metrics', { headers: { ...BEARER, Host: 'gateway.internal' } })
    expect(named.status).toBe(200)
  })
})

describe('a page of another site', () => {
  it.each<[string, Asking['headers']]>([
    ['a foreign Origin', { Origin: 'https://evil.example' }],
    ['an opaque Origin', { Origin: 'null' }],
    ['the right name over https', { Origin: 'https://localhost' }],
    ['another port', { Origin: 'http://localhost:3000' }],
    ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'Sec-Fetch-Site': 'same-site' }],
    ['both, one of them right', { Origin: 'http://localhost', 'Sec-Fetch-Site': 'cross-site' }],
  ])('cannot post with %s', async (_name, headers) => {
    const administered = gateway()
    const listener = await started({ administered })
    const answer = await ask(listener, '/api/reload', {
      method: 'POST',
      headers: { Host: 'localhost', ...headers },
    })
    expect(answer).toMatchObject({ status: 403, value: { error: { code: 'CROSS_SITE' } } })
    expect(administered.asked.reload).toBe(0)
  })

  it.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', ''])(
    'cannot post a form of type %j, should the browser send neither field',
    async (type) => {
      const administered = gateway()
      const headers = { 'Content-Type': type, 'Content-Length': 3 }
      const asking = { method: 'POST', headers, body: 'a=b' }
      expect((await ask(await started({ administered }), '/api/reload', asking)).status).toBe(415)
      expect(administered.asked.reload).toBe(0)
    },
  )

  it('a page of our own may', async () => {
    const headers = { Host: 'localhost:1', Origin: 'http://localhost:1', 'Sec-Fetch-Site': 'same-origin' }
    expect((await ask(await started(), '/api/reload', { method: 'POST', headers })).status).toBe(200)
  })
})

describe('beyond loopback', () => {
  it('does not start without a token', async () => {
    await expect(start({ ...BEYOND, token: undefined })).rejects.toThrow(/admin\.token/)
    await expect(start({ address: { kind: 'tcp', host: undefined, port: 0 } })).rejects.toThrow(
      /admin\.token/,
    )
  })

  it('health tells its status only', async () => {
    const listener = await started(BEYOND)
    expect((await ask(listener, '/livez', { headers: { Host: 'node-7:8444' } })).value).toEqual({
      live: true,
    })
    expect((await ask(listener, '/readyz', { headers: { Host: '10.1.2.3:8444' } })).value).toEqual({
      ready: true,
    })
    expect((await ask(listener, '/readyz', { headers: BEARER })).value).toHaveProperty('checks')
  })

  it.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', 'Bearer '],
    ['another', 'Bearer wrong-token-0000000'],
    ['one character more', `Bearer ${CANARY_ADMIN_TOKEN}x`],
    ['one character less', `Bearer ${CANARY_ADMIN_TOKEN.slice(0, -1)}`],
    ['another case', `Bearer ${CANARY_ADMIN_TOKEN.toLowerCase()}`],
    ['without its scheme', CANARY_ADMIN_TOKEN],
    ['Basic', `Basic ${Buffer.from(`admin:${CANARY_ADMIN_TOKEN}`).toString('base64')}`],
    ['two', `Bearer ${CANARY_ADMIN_TOKEN} ${CANARY_ADMIN_TOKEN}`],
  ])('a token that is %s gets nothing', async (_name, authorization) => {
    const administered = gateway()
    const listener = await started({ ...BEYOND, administered })
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    for (const [method, path] of [
      ...ENDPOINTS.slice(2),
      ['GET', '/nothing'],
      ['GET', '/api/reload'],
    ] as const) {
      const answer = await ask(listener, path, { method, headers })
      expect(answer.status, path).toBe(401)
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="hubgate"')
      expect(answer.text).not.toContain(CANARY_ADMIN_TOKEN)
    }
    expect(administered.asked).toEqual({ reload: 0, metrics: 0 })
  })

  it('a peer on this machine is no better than any other', async () => {
    expect((await ask(await started(BEYOND), '/metrics', { headers: { Host: 'localhost' } })).status).toBe(
      401,
    )
  })

  it('nothing is told once the token is gone', async () => {
    let token: Secret | undefined = TOKEN
    const listener = await started({ ...BEYOND, token: () => token })
    token = undefined
    for (const Authorization of ['Bearer undefined', 'Bearer ', `Bearer ${CANARY_ADMIN_TOKEN}`])
      expect((await ask(listener, '/metrics', { headers: { Authorization } })).status).toBe(401)
  })
})
