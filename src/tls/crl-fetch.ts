// Fetches a revocation list from an address that the operator or an anchor names; never from one that a client's certificate
// names, or whoever connects could send us anywhere. No redirect is followed. Whether the list is good is not decided here.
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { request as overHttps } from 'node:https'
import { RevocationListError } from './crl-error.ts'
import { MAX_LIST_FILE, readRevocationFile } from './crl-file.ts'

const { request: overHttp } = process.getBuiltinModule('node:http')

export interface FetchOptions {
  /** Until the connection stands, TLS included; milliseconds. */
  readonly connectTimeout?: number
  /** For all of it; milliseconds. */
  readonly timeout?: number
  /** Roots for https, PEM. Default: Node's. */
  readonly ca?: string
  /** Gives up at once. */
  readonly signal?: AbortSignal
}

/** Why a list could not be had at all. */
export class ListFetchError extends Error {
  override readonly name = 'ListFetchError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const CONNECT_TIMEOUT = 10_000
const TIMEOUT = 60_000

/**
 * @returns the DER bytes of one list.
 * @throws ListFetchError where nothing could be fetched; RevocationListError where what came is no list.
 */
export async function fetchList(address: string, options: FetchOptions = {}): Promise<Uint8Array> {
  return listIn(await fetchBytes(listUrl(address), options))
}

function listUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ListFetchError(
      'it is not an http or https URL',
      'lists in files go under client.revocation.files',
    )
  if (url.username !== '' || url.password !== '')
    throw new ListFetchError('the URL holds a user name or password', 'lists are public: leave it out')
  return url
}

function fetchBytes(url: URL, options: FetchOptions): Promise<Uint8Array> {
  const { connectTimeout = CONNECT_TIMEOUT, timeout = TIMEOUT, ca, signal } = options
  const secure = url.protocol === 'https:'
  const settings: RequestOptions & { ca?: string } = {
    // A connection of its own, which ends with it.
    agent: false,
    headers: { accept: 'application/pkix-crl, */*;q=0.1', 'user-agent': 'hubgate', connection: 'close' },
    ...(ca === undefined ? {} : { ca }),
    ...(signal === undefined ? {} : { signal }),
  }
  return new Promise((resolve, reject) => {
    const request: ClientRequest = (secure ? overHttps : overHttp)(url, settings)
    const connecting = setTimeout(
      () => end(slow(`no connection stood within ${connectTimeout / 1000} s`)),
      connectTimeout,
    )
    const whole = setTimeout(() => end(slow(`it was not whole within ${timeout / 1000} s`)), timeout)
    const end = (result: Error | Uint8Array): void => {
      clearTimeout(connecting)
      clearTimeout(whole)
      if (result instanceof Error) reject(result)
      else resolve(result)
      request.destroy()
    }
    request.on('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting)),
    )
    request.on('error', (error) => end(unreachable(error)))
    // With an answer, it is the answer that tells whether it is whole.
    const unanswered = (): void =>
      end(new ListFetchError('the connection ended without an answer', TRY_AGAIN))
    request.once('close', unanswered)
    request.once('response', (response) => {
      request.off('close', unanswered)
      receive(response).then(end, end)
    })
    request.end()
  })
}

const TRY_AGAIN =
  'a list that is stored stays in use; try again later, and look at the way out of this machine'

function slow(message: string): ListFetchError {
  return new ListFetchError(message, TRY_AGAIN)
}

function unreachable(error: Error): ListFetchError {
  const code = 'code' in error ? String(error.code) : error.name
  return new ListFetchError(`it could not be fetched (${code})`, TRY_AGAIN)
}

async function receive(response: IncomingMessage): Promise<Uint8Array> {
  const { statusCode = 0, headers } = response
  if (statusCode >= 300 && statusCode < 400)
    throw new ListFetchError(
      `the server answers ${statusCode}, a redirect, which is not followed`,
      'configure the address at which the list itself is',
    )
  if (statusCode !== 200)
    throw new ListFetchError(`the server answers ${statusCode}`, 'open the address in a browser and compare')
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw new ListFetchError(
      'the server sends it compressed, unasked',
      'configure an address that serves it as it is',
    )
  if (Number(headers['content-length'] ?? 0) > MAX_LIST_FILE) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue
      size += chunk.length
      if (size > MAX_LIST_FILE) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof ListFetchError) throw error
    throw new ListFetchError(`the answer broke off after ${size} bytes`, TRY_AGAIN)
  }
  return Buffer.concat(chunks)
}

function tooLarge(): ListFetchError {
  return new ListFetchError(
    `the answer is larger than ${MAX_LIST_FILE} bytes`,
    'ask the authority for a list that is split by distribution point',
  )
}

function listIn(bytes: Uint8Array): Uint8Array {
  if (/^(?:\xef\xbb\xbf)?\s*</.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1')))
    throw new RevocationListError(
      'the answer is a web page, not a list',
      'a proxy or a log-in page stands between this machine and the authority',
    )
  const { lists, certificates } = readRevocationFile(bytes)
  const [list] = lists
  // A server may bring its list; whom we believe is not the server's to say.
  if (list === undefined || lists.length > 1 || certificates.length > 0)
    throw new RevocationListError(
      'the answer holds more than one list, or certificates',
      'configure one address for each list; authorities come from files',
    )
  return list
}
