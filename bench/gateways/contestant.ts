// Who is measured: a server that does a part of the job, or all of it, in a process of its own or several.
import { createServer } from 'node:net'
import type { Context } from '../benchmark.ts'
import type { Material } from './material.ts'
import type { Upstream } from './upstream.ts'

/** In the order of the tables. */
export const NAMES = [
  'floor',
  'hubgate',
  'hubgate, general lane',
  'http-proxy',
  'nginx + njs',
  'nginx + lua',
  'HAProxy',
  'nginx, no signature',
] as const

export type Name = (typeof NAMES)[number]

/** What it has to do beyond demanding a client certificate of the anchor, reading the whole body and answering 200. */
export type Duty = 'proxy' | 'name' | 'address' | 'signature'

export const WHOLE_JOB: readonly Duty[] = ['proxy', 'name', 'address', 'signature']

export interface Contestant {
  readonly name: Name
  readonly port: number
  /** The process that was started; what it starts counts, too. */
  readonly pid: number
  readonly duties: readonly Duty[]
  /** Whether an address outside the list costs it a handshake first. */
  readonly refusesAddresses: 'before TLS' | 'after TLS' | 'never'
  /** Requests and bytes of bodies that came through: to the upstream, or to the floor itself. */
  readonly received: () => Promise<Received>
  /** What only this one can show to be right. @returns what was seen. @throws CheckFailed */
  readonly check?: () => Promise<string[]>
  /** Lines of its log so far, where it has one: each request ended is one. */
  readonly records?: () => number
}

export interface Received {
  readonly requests: number
  readonly bytes: number
}

export interface Surroundings extends Pick<Context, 'cores' | 'cleanup'> {
  readonly material: Material
  readonly upstream: Upstream
}

export interface Entry {
  readonly name: Name
  /** What it lacks here, and how to get that. */
  readonly missing: () => string | undefined
  readonly start: (surroundings: Surroundings) => Promise<Contestant>
}

/** For servers that cannot tell which port they got. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address instanceof Object ? address.port : 0))
    })
  })
}
