// Asks the running gateway through its admin listener. Knows how to reach it; what an answer means is each command's matter.
import { type RequestOptions, request } from 'node:http'
import type { AdminSection } from './admin-section.ts'
import { CliError } from './io.ts'

export interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly timeout: number
}

export interface Told {
  readonly status: number
  readonly value: unknown
}

const LONGEST_ANSWER = 1024 * 1024

/** @throws CliError (exit 1) where nobody answers, or something else does. */
export async function askAdmin({ address, token }: AdminSection, asked: Asked): Promise<Told> {
  const place = placeOf(address)
  const headers = {
    Host: 'localhost',
    'Content-Length': 0,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token.reveal()}` }),
  }
  const { method, path, timeout } = asked
  const signal = AbortSignal.timeout(timeout)
  const { status, text } = await exchange({
    ...place.options,
    method,
    path,
    headers,
    signal,
    agent: false,
  }).catch((error: unknown) => {
    throw unreachable(place.shown, error)
  })
  const told = { status, value: parsed(text) }
  if (told.value === undefined || status === 404)
    throw new CliError(`what answers at ${place.shown} is not a hubgate`, { hint: HINT })
  if (status === 401)
    throw new CliError('the gateway did not take the admin token', {
      hint: 'it runs with another admin.token than this configuration has',
    })
  return told
}

const HINT =
  'is it running with this configuration? name it with -c FILE or HUBGATE_CONFIG; see admin.address'

function unreachable(shown: string, error: unknown): CliError {
  const reason =
    error instanceof Error
      ? 'code' in error && error.name !== 'TimeoutError' && error.name !== 'AbortError'
        ? String(error.code)
        : 'no answer in time'
      : 'unknown'
  return new CliError(`no gateway answers at ${shown}: ${reason}`, { hint: HINT })
}

interface Place {
  readonly options: RequestOptions
  readonly shown: string
}

// A wildcard is where it listens, not where it can be asked.
function placeOf(address: AdminSection['address']): Place {
  if (address.kind === 'unix') return { options: { socketPath: address.path }, shown: `unix:${address.path}` }
  const { port } = address
  const wildcard = address.host === undefined || address.host === '0.0.0.0'
  const host = wildcard ? '127.0.0.1' : address.host === '::' ? '::1' : (address.host ?? '')
  return { options: { host, port }, shown: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }
}

function exchange(options: RequestOptions): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > LONGEST_ANSWER) asking.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    asking.on('error', reject)
    asking.end()
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
