// An admin listener over a gateway that is only told, and a way to ask it with any head; for tests of admin.
import { type OutgoingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { type AdminListener, type AdminOptions, startAdmin } from '../../src/admin/listener.ts'
import type { Administered } from '../../src/admin/ports.ts'
import { Secret } from '../../src/config/secret.ts'
import { CANARY_ADMIN_TOKEN } from '../canary.ts'

export const TOKEN = new Secret(CANARY_ADMIN_TOKEN)
export const BEARER = { Authorization: `Bearer ${CANARY_ADMIN_TOKEN}` }

/** How often each thing was asked. */
export interface Told extends Administered {
  readonly asked: { reload: number; metrics: number }
}

export function gateway(change: Partial<Administered> = {}): Told {
  const asked = { reload: 0, metrics: 0 }
  return {
    asked,
    live: () => true,
    readiness: () => ({
      ready: true,
      checks: [{ name: 'trust', ok: true, required: true, detail: 'one anchor' }],
    }),
    metrics: async () => {
      asked.metrics++
      return '# TYPE hubgate_build_info gauge\nhubgate_build_info 1\n'
    },
    anchors: () => [],
    reload: async () => {
      asked.reload++
      return { outcome: 'reloaded', generation: 2, closed: 0, changes: ['routes'] }
    },
    ...change,
  }
}

export function start(options: Partial<AdminOptions> = {}): Promise<AdminListener> {
  return startAdmin({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    token: undefined,
    administered: gateway(),
    ...options,
  })
}

const running: AdminListener[] = []

/** The same, closed after the test. */
export async function started(options: Partial<AdminOptions> = {}): Promise<AdminListener> {
  const listener = await start(options)
  running.push(listener)
  return listener
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((listener) => listener.close()))
})

export const ENDPOINTS = [
  ['GET', '/livez'],
  ['GET', '/readyz'],
  ['GET', '/metrics'],
  ['GET', '/api/anchors'],
  ['POST', '/api/reload'],
] as const

export function portOf({ address }: AdminListener): number {
  return typeof address === 'string' ? 0 : address.port
}

export interface Asking {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly value: unknown
}

/** Asks on loopback, whatever the listener is bound to. */
export function ask({ address }: AdminListener, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = asking
  const place =
    typeof address === 'string' ? { socketPath: address } : { host: loopbackOf(address), port: address.port }
  return new Promise((resolve, reject) => {
    const going = request({ ...place, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, value: parsed(text) }),
      )
    })
    going.on('error', reject)
    going.end(body)
  })
}

function loopbackOf({ address }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1'
  return address
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
