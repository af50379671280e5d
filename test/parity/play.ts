// Plays a row on a way in, and says what came of it: by the gateway's records, and by what came back.
import { expect } from 'vitest'
import { formatAddress, parseAddress } from '../../src/domain/address.ts'
import { Fields } from '../../src/domain/fields.ts'
import { refusalRow } from '../../src/domain/refusals.ts'
import type { Outcome } from '../../src/fronts/differences.ts'
import type { Received } from '../../src/lab/consumer.ts'
import { type ClientIdentity, META_CLIENT_NAME } from '../../src/lab/pki/authorities.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import type { Sent } from '../support/identity.ts'
import { until } from '../support/routes.ts'
import type { Authorities } from '../tls/cases/case.ts'
import { type Row, deliver } from './row.ts'
import type { RunningWay } from './ways.ts'

const HERE = '127.0.0.1'

export interface Cast {
  readonly authorities: Authorities
  readonly good: ClientIdentity
  /** What the row's client presents. */
  readonly identity: ClientIdentity | undefined
}

export interface Played {
  readonly outcome: Outcome
  /** Hubgate's, where it has one. */
  readonly record: AuditRecord | undefined
  /** What the upstream got of it. */
  readonly received?: Received | undefined
}

/**
 * And a good delivery right behind it, which has to pass. There is one record of each at most, and one of hubgate's own refusals
 * exactly; what is refused does not reach the upstream.
 */
export async function play(
  way: RunningWay,
  { address = HERE, send = deliver }: Row,
  { authorities, good, identity }: Cast,
): Promise<Played> {
  const { world, consumer } = way
  const recordsBefore = world.records.length
  const receivedBefore = consumer.received.length
  const sent = await send({ dial: way.door({ identity, address }), identity, authorities })
  const visit = { dial: way.door({ identity: good, address: HERE }), identity: good, authorities }
  const { answers, error } = await deliver(visit)
  expect(answers[0]?.status, error).toBe(200)
  const id = answers[0]?.fields.only('x-request-id')
  const news = () => world.records.slice(recordsBefore).filter((record) => record.id !== id)
  // Neither an answer nor a record: a front ended it. But how a client went away may be recorded late.
  if (sent.answers.length > 0) await until(() => world.records.some((record) => record.id === id), 'recorded')
  const played = cameOf(sent, news())
  const passed = played.outcome === 'admitted'
  const reached = consumer.received.slice(receivedBefore)
  expect(reached.map(({ signature }) => signature)).toEqual(passed ? ['fits', 'fits'] : ['fits'])
  return { ...played, received: passed ? reached[0] : undefined }
}

/** Whose delivery it was is known, and told to the upstream, as on the direct front. */
export function expectClient({ address = HERE }: Row, { record, received }: Played): void {
  const parsed = parseAddress(address)
  const text = parsed === undefined ? undefined : formatAddress(parsed)
  expect(record?.client ?? record?.peer).toBe(text)
  expect(record?.leaf?.commonNames).toEqual([META_CLIENT_NAME])
  const fields = new Fields(received?.rawFields ?? [])
  expect(fields.all('x-forwarded-for')).toEqual([text])
  expect(fields.all('hubgate-verified')).toEqual(['source, certificate, signature'])
}

function cameOf({ answers, error }: Sent, records: readonly AuditRecord[]): Played {
  const refused = records.filter(({ code }) => code !== undefined)
  const [record] = refused
  const status = answers.at(-1)?.status
  if (record?.code !== undefined) {
    expect(refused.map(({ code }) => code)).toEqual([record.code])
    const wanted = record.kind === 'connection' ? undefined : refusalRow(record.code).status
    expect(status, error).toBe(wanted)
    return { outcome: record.code, record }
  }
  const passed = records.at(-1)
  if (status === 200 && passed?.outcome === 'acknowledged') return { outcome: 'admitted', record: passed }
  if (status === 200 && passed?.outcome === 'answered') return { outcome: 'answered', record: passed }
  return {
    outcome: status === undefined ? 'the front closes' : `the front answers ${status}`,
    record: undefined,
  }
}
