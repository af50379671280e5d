// What each contestant has to do right before it is timed. One that does less would be faster, and no comparison.
import { createHash } from 'node:crypto'
import { type Exchange, type Step, exchange } from '../../src/lab/exchange.ts'
import type { Dial } from '../../src/lab/dial.ts'
import { selfSigned } from '../../src/lab/pki/authorities.ts'
import { deliveryBytes } from '../../src/lab/request.ts'
import { CheckFailed } from '../benchmark.ts'
import type { Contestant, Gateway } from './contestants.ts'
import { type Delivery, type Material, PATH } from './material.ts'

/** Milliseconds in which half a body gets no answer. */
const PATIENCE = 300

/** One cipher for all: none may win by a cheaper one. */
export const TLS = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const

export interface Checked {
  readonly contestant: Pick<Contestant, 'name' | 'port' | 'received'>
  readonly material: Material
  /** One of each size. */
  readonly deliveries: readonly Delivery[]
}

/** What floor and gateway have in common. @returns what was seen. @throws CheckFailed */
export async function checkServer(checked: Checked): Promise<string[]> {
  const { contestant, deliveries } = checked
  const { name } = contestant
  const [first] = deliveries
  for (const { bytes, body } of deliveries)
    await receives(contestant, { requests: 1, bytes: body.length }, async () => {
      expectAnswer(await send(checked, [bytes]), 200, `${name}, a delivery of ${body.length} bytes`)
    })
  if (first !== undefined) {
    const half = first.bytes.subarray(0, first.bytes.length - 100)
    const early = await send(checked, [half], { deadline: PATIENCE })
    if (early.answers.length > 0) throw new CheckFailed(`${name} answers before it has read the whole body`)
  }
  const identities = [
    ['no certificate', undefined],
    ['a self-signed certificate of the right name', selfSigned()],
  ] as const
  for (const [what, identity] of identities)
    await receives(contestant, NOTHING, async () => {
      const ended = await send(checked, [first?.bytes ?? ''], { dial: { ...dialTo(checked), identity } })
      expectRefused(ended, `${name}, ${what}`)
    })
  return [
    `${name}: 200 for each size, after the whole body was read; without a certificate, and with a foreign one, no answer at all`,
  ]
}

/** What the gateway does besides. @returns what was seen. @throws CheckFailed */
export async function checkGateway(checked: Checked & { contestant: Gateway }): Promise<string[]> {
  const { contestant, material, deliveries } = checked
  const [first] = deliveries
  if (first === undefined) throw new CheckFailed('no delivery to check with')
  for (const { bytes, body } of deliveries) {
    expectAnswer(await send(checked, [bytes]), 200, 'gateway, a signed delivery')
    const last = (await contestant.upstream.ask('last')) as { fields: string[]; sha256: string }
    if (last.sha256 !== createHash('sha256').update(body).digest('hex'))
      throw new CheckFailed('the upstream got other bytes than were signed')
    if (!last.fields.includes('source, certificate, signature'))
      throw new CheckFailed('the upstream was not told that source, certificate and signature were verified')
  }
  const forged = deliveryBytes({
    authority: 'localhost',
    path: PATH,
    body: first.body,
    secret: `${material.secret}!`,
  })
  await receives(contestant, NOTHING, async () => {
    expectAnswer(await send(checked, [forged]), 403, 'gateway, a wrong signature')
  })
  const stranger = material.authority.client({ commonNames: ['somebody.example'] })
  await receives(contestant, NOTHING, async () => {
    const ended = await send(checked, [first.bytes], { dial: { ...dialTo(checked), identity: stranger } })
    expectRefused(ended, 'gateway, another common name')
  })
  const seen = [
    'gateway: the upstream got the signed bytes; a wrong signature is 403, another common name gets no answer, and neither reaches the upstream',
  ]
  // Other systems have no second loopback address to come from.
  if (process.platform === 'linux')
    await receives(contestant, NOTHING, async () => {
      const ended = await send(checked, [first.bytes], {
        dial: { ...dialTo(checked), localAddress: '127.0.0.2' },
      })
      expectRefused(ended, 'gateway, an address outside the list')
      seen.push('gateway: an address outside the list of 1,001 prefixes is refused')
    })
  return [...seen, await everyGateIsOn(contestant)]
}

async function everyGateIsOn({ metrics }: Gateway): Promise<string> {
  const gates = [...(await metrics()).matchAll(/^hubgate_gate_enforced\{gate="([^"]+)"\} (\d)$/gm)]
  const off = gates.filter(([, , enforced]) => enforced !== '1').map(([, name]) => name)
  if (gates.length === 0 || off.length > 0)
    throw new CheckFailed(`gates that are off: ${off.join(', ') || 'nothing is known of any'}`)
  return `gateway: its metrics say that all ${gates.length} gates are enforced`
}

export function dialTo({ contestant, material }: Pick<Checked, 'contestant' | 'material'>): Dial {
  const { ca, client } = material
  return { host: '127.0.0.1', port: contestant.port, ca, identity: client, tls: TLS }
}

interface How {
  readonly dial?: Omit<Dial, 'identity'> & { identity?: Dial['identity'] | undefined }
  readonly deadline?: number
}

function send(checked: Checked, steps: readonly Step[], how: How = {}): Promise<Exchange> {
  const { deadline = 10_000 } = how
  const { identity, ...dial } = how.dial ?? dialTo(checked)
  return exchange({ dial: identity === undefined ? dial : { ...dial, identity }, steps, deadline })
}

const NOTHING = { requests: 0, bytes: 0 } as const

async function receives(
  { name, received }: Checked['contestant'],
  expected: { requests: number; bytes: number },
  work: () => Promise<void>,
): Promise<void> {
  const before = await received()
  await work()
  const after = await received()
  if (after.requests - before.requests !== expected.requests || after.bytes - before.bytes !== expected.bytes)
    throw new CheckFailed(
      `${name}: ${after.requests - before.requests} requests and ${after.bytes - before.bytes} bytes came through, not ${expected.requests} and ${expected.bytes}`,
    )
}

function expectAnswer({ answers, ended, error }: Exchange, status: number, what: string): void {
  const got = answers[0]?.status
  if (got !== status)
    throw new CheckFailed(`${what}: answered ${got ?? `nothing (${error ?? ended})`} instead of ${status}`)
}

function expectRefused({ answers, ended }: Exchange, what: string): void {
  if (answers.length > 0) throw new CheckFailed(`${what}: answered ${answers[0]?.status} instead of refused`)
  if (ended === 'timeout') throw new CheckFailed(`${what}: neither answered nor refused`)
}
