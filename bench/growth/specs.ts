// What grows: open connections, routes, prefixes, secrets; and how a gateway and its load are set up for each size of it.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HubgateOptions } from '../gateways/hubgate.ts'
import type { LaneOptions } from '../gateways/lane.ts'
import { type Material, PATH, SIZES } from '../gateways/material.ts'
import { good, goodTo, wronglySigned } from '../gateways/requests.ts'
import { samplePrefixes } from '../prefix-sample.ts'

export interface CurveSpec {
  readonly name: string
  readonly title: string
  readonly axis: string
  readonly sizes: readonly number[]
  /** Descriptors that hubgate and the load need each for one more of it. */
  readonly descriptors?: number
  readonly at: (size: number, material: Material) => Promise<Setting>
  /** How it was measured, for the conditions. */
  readonly how: string
}

export interface Setting {
  readonly config: Omit<HubgateOptions, 'name' | 'state' | 'fastLane'>
  readonly lane: Pick<LaneOptions, 'mode' | 'connections' | 'requests' | 'atOnce' | 'source'>
}

const BODY = SIZES['1.5 KB']
const THOUSANDS = [1, 10, 100, 1_000]
const LISTS = [10, 100, 1_000, 10_000, 100_000]
/** Addresses from 127.1.0.1 on; each has fewer connections than the default limit for one. */
const SOURCES = 50
const PATIENT = { headTimeout: '15m', idleTimeout: '15m' }
const KEPT = { mode: 'kept', connections: 32 } as const

export const SPECS: readonly CurveSpec[] = [
  {
    name: 'connections',
    title: 'Open connections',
    axis: 'open connections',
    sizes: [...THOUSANDS, 10_000],
    descriptors: 1,
    how: `open connections: one delivery of 1.5 KB at a time, each on the connection that has waited longest, from ${SOURCES} addresses; limits.connections, idleTimeout and headTimeout are raised`,
    at: async (size, material) => ({
      config: {
        allowlist: await list(material, 'connections', ['127.1.0.0/24', ...samplePrefixes(1_000)]),
        limits: { connections: 20_000, ...PATIENT },
      },
      lane: {
        mode: 'kept',
        connections: size,
        atOnce: 1,
        source: `127.1.0.1/${SOURCES}`,
        requests: good(BODY, 16)(material),
      },
    }),
  },
  {
    name: 'routes',
    title: 'Routes',
    axis: 'routes',
    sizes: THOUSANDS,
    how: 'routes: deliveries of 1.5 KB to 16 of them, from the first to the last',
    at: async (size, material) => {
      const paths = Array.from({ length: size }, (_, index) => `${PATH}/${index}`)
      return { config: { paths }, lane: { ...KEPT, requests: goodTo(spread(paths), BODY)(material) } }
    },
  },
  {
    name: 'prefixes-accepted',
    title: 'Prefixes, accepted connection',
    axis: 'prefixes in the list',
    sizes: LISTS,
    how: 'prefixes, accepted: a connection with handshake and one delivery of 1.5 KB, 16 at a time',
    at: async (size, material) => ({
      config: { allowlist: await listOf(material, size) },
      lane: { mode: 'fresh', connections: 16, requests: good(BODY, 16)(material) },
    }),
  },
  {
    name: 'prefixes-refused',
    title: 'Prefixes, refused connection',
    axis: 'prefixes in the list',
    sizes: LISTS,
    how: 'prefixes, refused: a connection from an address outside the list, 16 at a time',
    at: async (size, material) => ({
      config: { allowlist: await listOf(material, size) },
      lane: { mode: 'raw', connections: 16, source: '127.0.0.2', requests: wronglySigned(BODY)(material) },
    }),
  },
  {
    name: 'secrets',
    title: 'Secrets of a route',
    axis: 'secrets of a route',
    sizes: [1, 2, 5, 10],
    how: 'secrets: deliveries of 1.5 KB signed with the last one, so that all are tried',
    at: async (size, material) => ({
      config: { secrets: [...Array.from({ length: size - 1 }, otherSecret), material.secret] },
      lane: { ...KEPT, requests: good(BODY, 16)(material) },
    }),
  },
]

function otherSecret(): string {
  return randomBytes(16).toString('hex')
}

/** At most 16, the first and the last among them. */
function spread(paths: readonly string[]): string[] {
  const count = Math.min(16, paths.length)
  const step = (paths.length - 1) / Math.max(1, count - 1)
  return Array.from({ length: count }, (_, index) => paths[Math.round(index * step)] ?? PATH)
}

function listOf(material: Material, size: number): Promise<string> {
  return list(material, `prefixes-${size}`, ['127.0.0.1/32', ...samplePrefixes(size - 1)])
}

async function list({ directory }: Material, name: string, prefixes: readonly string[]): Promise<string> {
  await writeFile(join(directory, `${name}.txt`), prefixes.join('\n'))
  return `${name}.txt`
}
