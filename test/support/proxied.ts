// A gateway that demands PROXY headers and trusts 127.0.0.1 alone, whose address is in no allow-list; and what may be done to it.
import { type NetConnectOpts, connect } from 'node:net'
import { expect } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import { CANARY_SECRET } from '../canary.ts'
import { type BalancerOptions, startBalancer } from './balancer.ts'
import { version1 } from './proxy-headers.ts'
import { type Stage, expectDelivered } from './refused.ts'
import { until } from './routes.ts'
import type { Reachable } from './sender.ts'
import { startWorld } from './world.ts'

/** Meta's prefixes, without this machine's own addresses. */
export const LIST = '31.13.64.0/18\n2a03:2880::/32\n'

export type Trusted = readonly string[]

export interface Proxied extends Stage {
  readonly consumer: Consumer
  readonly end: () => Promise<void>
}

export async function startProxied(
  change: (config: Config) => Config = (config) => config,
  files: Readonly<Record<string, string>> = {},
): Promise<Proxied> {
  const consumer = await startConsumer({ secret: CANARY_SECRET })
  const world = await startWorld({
    upstream: `${consumer.url}/hooks`,
    files: { 'list.txt': LIST, ...files },
    change: (config) =>
      change({
        ...config,
        listen: { ...config.listen, proxyProtocol: 'required', trustedPeers: ['127.0.0.1/32'] },
      }),
  })
  const end = async () => {
    await world.end()
    await consumer.close()
  }
  return { world, consumer, end }
}

/** Runs `work` with the gateway reached through a balancer. */
export async function through<T>(
  stage: Stage,
  options: Partial<BalancerOptions>,
  work: (reachable: Reachable) => Promise<T>,
): Promise<T> {
  const { port, pki } = stage.world
  const balancer = await startBalancer({ to: { host: '127.0.0.1', port }, header: version1(), ...options })
  try {
    return await work({ port: balancer.port, pki })
  } finally {
    balancer.close()
  }
}

/** A good delivery passes behind that header. @returns its record. */
export async function expectDeliveredThrough(
  stage: Stage,
  options: Partial<BalancerOptions> = {},
  bytes?: Uint8Array,
): Promise<AuditRecord | undefined> {
  await through(stage, options, (reachable) =>
    expectDelivered({ ...stage, world: { ...stage.world, ...reachable } }, bytes),
  )
  return stage.world.records.at(-1)
}

export type End = 'reset' | 'closed'

/** What a bare connection that sends these bytes comes to. @param steps bytes, or milliseconds to wait. */
export async function sendBare(
  target: NetConnectOpts,
  steps: readonly (Uint8Array | string | number)[],
): Promise<{ end: End; answered: number }> {
  const socket = connect({ noDelay: true, ...target })
  let end: End = 'closed'
  let answered = 0
  socket.on('data', (chunk: Buffer) => (answered += chunk.length))
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // EPIPE: the reset came before our last bytes were written.
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') end = 'reset'
  })
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  for (const step of steps) {
    if (typeof step === 'number') await new Promise((resolve) => setTimeout(resolve, step))
    else if (socket.writable) socket.write(step)
  }
  await closed
  return { end, answered }
}

/** The one new record that `work` leads to is this refusal, before TLS; nothing reaches the upstream, and the good still passes. */
export async function expectRefusedAtOnce(
  stage: Stage,
  code: RefusalCode,
  work: () => Promise<{ end: End; answered: number }>,
): Promise<AuditRecord | undefined> {
  const { world, consumer } = stage
  const before = world.records.length
  const received = consumer.received.length
  expect(await work()).toEqual({ end: 'reset', answered: 0 })
  await until(() => world.records.length > before, 'there is a record')
  expect(world.records.slice(before).map((record) => record.code)).toEqual([code])
  const record = world.records[before]
  expect(record).toMatchObject({ kind: 'connection', phase: 'connection', outcome: 'refused' })
  expect(consumer.received).toHaveLength(received)
  await expectDeliveredThrough(stage)
  await until(() => world.gateway.load.connections === 0, 'no connection is open')
  return record
}
