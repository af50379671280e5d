// What has to hold for every client refused by its handshake or its certificate, and for one admitted, in one place.
import { expect } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Exchange } from '../../src/lab/exchange.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import { type Stage, expectDelivered } from './refused.ts'
import { delivery, dialTo, send } from './sender.ts'
import type { ConnectionOptions } from 'node:tls'
import type { World } from './world.ts'

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

export interface Presented {
  /** Undefined: no client certificate. */
  readonly identity: Pick<ClientIdentity, 'certificate' | 'key'> | undefined
  readonly tls?: ConnectionOptions
  /** Presents it in another way than by Node's own client. */
  readonly send?: (world: World) => Promise<Sent>
}

export interface Sent extends Pick<Exchange, 'ended' | 'error' | 'localPort'> {
  readonly answers: readonly Pick<Exchange['answers'][number], 'status'>[]
}

/** Exactly one version, and nothing held back for its weakness: what is refused has to be refused by the gateway. */
export function only(version: TlsVersion, more: ConnectionOptions = {}): ConnectionOptions {
  return { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0', ...more }
}

/** Sends a good delivery under an identity. */
export function sendAs(
  world: World,
  { identity, tls }: Presented,
  bytes: Uint8Array = delivery(),
): Promise<Exchange> {
  const { port, ca, host } = dialTo(world)
  const dial = {
    host,
    port,
    ...(ca === undefined ? {} : { ca }),
    ...(identity === undefined ? {} : { identity }),
    ...(tls === undefined ? {} : { tls }),
  }
  return send(world, [bytes], { dial })
}

/**
 * Not a byte of HTTP comes back and the connection ends; one record says why and who; nothing reaches the upstream, and a
 * good delivery right after it passes.
 */
export async function expectClientRefused(
  stage: Stage,
  code: RefusalCode | readonly RefusalCode[],
  presented: Presented,
): Promise<AuditRecord> {
  const { world, consumer } = stage
  const recordsBefore = world.records.length
  const old = new Set(world.records)
  const receivedBefore = consumer.received.length
  const ended: Sent = await (presented.send?.(world) ?? sendAs(world, presented))
  expect(ended.answers).toEqual([])
  expect(['closed', 'reset'], ended.error).toContain(ended.ended)
  // Among so many connections a port comes back.
  const record = await world.record((each) => !old.has(each) && each.peerPort === ended.localPort)
  await expectDelivered(stage)
  expect(world.records.slice(recordsBefore).map((each) => each.code)).toEqual([record.code, undefined])
  expect(record).toMatchObject({ kind: 'connection', outcome: 'refused' })
  expect([code].flat()).toContain(record.code)
  expect(consumer.received).toHaveLength(receivedBefore + 1)
  return record
}

/** The delivery is acknowledged, and its record names who sent it. */
export async function expectClientAdmitted(
  { world, consumer }: Stage,
  presented: Presented,
): Promise<AuditRecord> {
  const recordsBefore = world.records.length
  const receivedBefore = consumer.received.length
  const { answers, error, localPort }: Sent = await (presented.send?.(world) ?? sendAs(world, presented))
  expect(
    answers.map(({ status }) => status),
    error,
  ).toEqual([200])
  const [record, ...others] = world.records.slice(recordsBefore)
  expect(others).toEqual([])
  if (record === undefined) throw new Error('no record')
  expect(record).toMatchObject({
    kind: 'request',
    outcome: 'acknowledged',
    code: undefined,
    peerPort: localPort,
  })
  expect(consumer.received.slice(receivedBefore).map(({ signature }) => signature)).toEqual(['fits'])
  return record
}
