// Fetching a revocation list: whatever a server does, it ends, in bounds, in a list or in words.
import { type Server, createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pem } from '../../src/lab/pki/certificate.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { RevocationListError } from '../../src/tls/crl-error.ts'
import { type FetchOptions, ListFetchError, fetchList } from '../../src/tls/crl-fetch.ts'
import { authority, listOf } from '../support/crl-lists.ts'
import { type Answer, type ListServer, startListServer } from '../support/crl-server.ts'
import { type Unaccepting, startUnaccepting } from '../support/unaccepting.ts'

const ca = authority()
const der = listOf(ca, { revoked: ['05'] })
const text = pem(der, 'X509 CRL')

let server: ListServer
beforeAll(async () => {
  server = await startListServer(der)
})
afterAll(() => server.close())

const sends =
  (body: string | Uint8Array, headers: Record<string, string> = {}, status = 200): Answer =>
  (response) => {
    response.writeHead(status, headers)
    response.end(body)
  }

/** A byte every few milliseconds, for ever. */
const drip: Answer = (response) => {
  const dripping = setInterval(() => response.write('0'), 5)
  response.once('close', () => clearInterval(dripping))
}

const endless: Answer = (response) => {
  const chunk = Buffer.alloc(1024 * 1024, 0x30)
  const pour = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', pour)
  }
  pour()
}

/** Why it could not be fetched. @throws where it could. */
async function faultOf(fetching: Promise<unknown>): Promise<ListFetchError | RevocationListError> {
  try {
    await fetching
  } catch (error) {
    if (error instanceof ListFetchError || error instanceof RevocationListError) return error
    throw error
  }
  throw new Error('it was fetched')
}

describe('a list is fetched', () => {
  it.each([
    ['in DER', sends(der)],
    ['in PEM', sends(text)],
    ['of any media type', sends(der, { 'content-type': 'text/html' })],
    [
      'in chunks',
      (response: Parameters<Answer>[0]) =>
        void (response.write(der.subarray(0, 9)), response.end(der.subarray(9))),
    ],
  ])('%s', async (_name, answer) => {
    server.answer = answer
    expect(Buffer.compare(await fetchList(server.url), der)).toBe(0)
  })

  it('over https, from whom the roots vouch for', async () => {
    const { certificate, key } = await serverCertificate()
    const secure = await startListServer(der, { cert: certificate, key })
    try {
      expect(Buffer.compare(await fetchList(secure.url, { ca: certificate }), der)).toBe(0)
      const { message } = await faultOf(fetchList(secure.url))
      expect(message).toMatch(/could not be fetched \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
    } finally {
      await secure.close()
    }
  })
})

describe('it is refused, or could not be fetched, where the server', () => {
  const FAULTS: readonly (readonly [string, Answer, new (message: string, hint: string) => Error, RegExp])[] =
    [
      [
        'sends a log-in page',
        sends('<!DOCTYPE html><title>Log in</title>'),
        RevocationListError,
        /a web page, not a list/,
      ],
      [
        'sends a page after white space',
        sends('\r\n  <html>'),
        RevocationListError,
        /a web page, not a list/,
      ],
      ['sends nothing', sends(''), RevocationListError, /empty/],
      ['sends a certificate', sends(ca.der), RevocationListError, /a certificate, not a revocation list/],
      ['sends two lists', sends(text + text), RevocationListError, /more than one list, or certificates/],
      [
        'brings its own authority',
        sends(text + ca.certificate),
        RevocationListError,
        /more than one list, or certificates/,
      ],
      ['sends half of it as if whole', sends(der.subarray(0, 80)), RevocationListError, /not one whole list/],
      ['does not know it', sends('no', {}, 404), ListFetchError, /answers 404/],
      ['is out of order', sends(der, {}, 503), ListFetchError, /answers 503/],
      ['has nothing to say', sends('', {}, 204), ListFetchError, /answers 204/],
      ['sends a part', sends(der, {}, 206), ListFetchError, /answers 206/],
      ['sends it compressed', sends(der, { 'content-encoding': 'gzip' }), ListFetchError, /compressed/],
      [
        'announces 10 GB',
        sends('', { 'content-length': '10000000000' }),
        ListFetchError,
        /larger than 67108864/,
      ],
      ['pours without end', endless, ListFetchError, /larger than 67108864/],
      [
        'breaks off',
        (response) => {
          response.writeHead(200, { 'content-length': String(der.length) })
          response.write(der.subarray(0, 50), () => response.destroy())
        },
        ListFetchError,
        /broke off after \d+ bytes/,
      ],
      [
        'breaks off between chunks',
        (response) => {
          response.write(der, () => response.destroy())
        },
        ListFetchError,
        /broke off after \d+ bytes/,
      ],
      [
        'hangs up',
        (_response, request) => void request.socket.destroy(),
        ListFetchError,
        /could not be fetched \(ECONNRESET\)/,
      ],
      [
        'speaks another protocol',
        (_response, request) => void request.socket.end('SSH-2.0-x\r\n'),
        ListFetchError,
        /could not be fetched \(HPE_/,
      ],
      [
        'changes the protocol',
        (_response, request) =>
          void request.socket.end(
            'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
          ),
        ListFetchError,
        /could not be fetched|without an answer|answers 101/,
      ],
    ]
  it.each(FAULTS)('%s', async (...[, answer, kind, words]) => {
    server.answer = answer
    const fault = await faultOf(fetchList(server.url))
    expect(fault.message).toMatch(words)
    expect(fault).toBeInstanceOf(kind)
    expect(fault.hint).not.toBe('')
  })

  it.each([301, 302, 303, 307, 308])('redirects with %i, which is not followed', async (status) => {
    const elsewhere = await startListServer(der)
    try {
      server.answer = sends('', { location: elsewhere.url }, status)
      expect((await faultOf(fetchList(server.url))).message).toMatch(/a redirect, which is not followed/)
      expect(elsewhere.asked()).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })

  it.each([
    ['never answers', () => {}],
    ['drips', drip],
    [
      'drips its head',
      (_response: unknown, request: Parameters<Answer>[1]) => {
        const { socket } = request
        socket.write('HTTP/1.1 200 OK\r\n')
        const dripping = setInterval(() => socket.write('a: b\r\n'), 5)
        socket.once('close', () => clearInterval(dripping))
      },
    ],
  ])('%s', async (_name, answer) => {
    server.answer = answer
    const { message } = await faultOf(fetchList(server.url, { timeout: 300 }))
    expect(message).toBe('it was not whole within 0.3 s')
  })
})

describe('it could not be fetched where', () => {
  it('nobody listens', async () => {
    const gone = await startListServer(der)
    await gone.close()
    expect((await faultOf(fetchList(gone.url))).message).toBe('it could not be fetched (ECONNREFUSED)')
  })

  it('there is no such host', async () => {
    const { message } = await faultOf(fetchList('http://lists.invalid/x.crl', { connectTimeout: 5_000 }))
    expect(message).toMatch(/could not be fetched \((?:ENOTFOUND|EAI_AGAIN)\)|no connection stood/)
  })

  it('what knocks is dropped', async () => {
    const unaccepting: Unaccepting = await startUnaccepting()
    try {
      const url = `http://${unaccepting.host}:${unaccepting.port}/`
      const { message } = await faultOf(fetchList(url, { connectTimeout: 300 }))
      expect(message).toBe('no connection stood within 0.3 s')
    } finally {
      await unaccepting.close()
    }
  })

  it('the server accepts and says nothing of TLS', async () => {
    const mute: Server = createServer((socket) => void socket.on('error', () => {}).resume())
    mute.listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const address = mute.address()
    const port = address instanceof Object ? address.port : 0
    const options: FetchOptions = { connectTimeout: 300 }
    const { message } = await faultOf(fetchList(`https://127.0.0.1:${port}/`, options))
    expect(message).toBe('no connection stood within 0.3 s')
    mute.close()
    await once(mute, 'close')
  })

  it.each([
    ['ftp://a.example/', /not an http or https URL/],
    ['file:///etc/passwd', /not an http or https URL/],
    ['a.example/x.crl', /not an http or https URL/],
    ['', /not an http or https URL/],
    ['http://user@127.0.0.1/', /user name or password/],
    ['http://:word@127.0.0.1/', /user name or password/],
  ])('the address is %j', async (address, words) => {
    expect((await faultOf(fetchList(address))).message).toMatch(words)
  })
})
