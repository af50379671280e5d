// What each contestant has to do right before it is timed. One that does less would be faster, and no comparison.
import { createHash } from 'node:crypto'
import { type Exchange, type Step, exchange } from '../../src/lab/exchange.ts'
import type { Dial } from '../../src/lab/dial.ts'
import { selfSigned } from '../../src/lab/pki/authorities.ts'
import { deliveryBytes } from '../../src/lab/request.ts'
import { CheckFailed } from '../benchmark.ts'
import type { Contestant, Received } from './contestant.ts'
import { type Delivery, type Material, PATH } from './material.ts'
import type { Upstream } from './upstream.ts'

/** Milliseconds in which half a body gets no answer. */
const PATIENCE = 300

/** One cipher for all: none may win by a cheaper one. */
const TLS = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const

export interface Checked {
  readonly contestant: Pick<Contestant, 'name' | 'port' | 'received' | 'duties' | 'check'>
  readonly material: Material
  readonly upstream: Pick<Upstream, 'last'>
  /** One of each size. */
  readonly deliveries: readonly [Delivery, ...Delivery[]]
}

/** @returns what was seen. @throws CheckFailed */
export async function checkContestant(checked: Checked): Promise<string[]> {
  const { contestant, deliveries } = checked
  const { name, duties } = contestant
  await takesEach(checked)
  const [{ bytes }] = deliveries
  const early = await send(checked, [bytes.subarray(0, -100)], { deadline: PATIENCE })
  if (early.answers.length > 0) throw new CheckFailed(`${name} answers before it has read the whole body`)
  const refused = refusals(checked)
  for (const { what, how, request = bytes } of refused) await refuses(checked, { what, how, request })
  const own = (await contestant.check?.()) ?? []
  const told = duties.includes('proxy') ? ', and the upstream got the signed bytes' : ''
  return [
    `${name}: 200 for each size, after the whole body was read${told}; refused: ${refused.map(({ what }) => what).join(', ')}`,
    ...own,
  ]
}

async function takesEach(checked: Checked): Promise<void> {
  const { contestant, upstream, deliveries } = checked
  for (const { bytes, body } of deliveries) {
    const before = await contestant.received()
    const { answers, ended, error } = await send(checked, [bytes])
    const status = answers[0]?.status ?? `nothing (${error ?? ended})`
    if (status !== 200)
      throw new CheckFailed(
        `${contestant.name}, a delivery of ${body.length} bytes: answered ${status} instead of 200`,
      )
    await cameThrough(contestant, { what: 'a delivery', before, requests: 1, bytes: body.length })
    if (!contestant.duties.includes('proxy')) continue
    const { sha256 } = await upstream.last()
    if (sha256 !== createHash('sha256').update(body).digest('hex'))
      throw new CheckFailed(`${contestant.name}: the upstream got other bytes than were signed`)
  }
}

interface Refusal {
  readonly what: string
  readonly how: How
  readonly request?: Buffer
}

/** What this one has to refuse. */
function refusals(checked: Checked): Refusal[] {
  const { contestant, material, deliveries } = checked
  const [{ body }] = deliveries
  const { duties } = contestant
  const signed = (secret: string | undefined) =>
    deliveryBytes({ authority: 'localhost', path: PATH, body, secret })
  const stranger = material.authority.client({ commonNames: ['somebody.example'] })
  const all: readonly (Refusal & { readonly duty?: Contestant['duties'][number] })[] = [
    { what: 'no certificate', how: { identity: undefined } },
    { what: 'a self-signed certificate of the right name', how: { identity: selfSigned() } },
    { duty: 'name', what: 'another common name', how: { identity: stranger } },
    { duty: 'signature', what: 'a wrong signature', how: {}, request: signed(`${material.secret}!`) },
    { duty: 'signature', what: 'no signature', how: {}, request: signed(undefined) },
    // Other systems have no second loopback address to come from.
    ...(process.platform === 'linux'
      ? ([
          { duty: 'address', what: 'an address outside the list', how: { localAddress: '127.0.0.2' } },
        ] as const)
      : []),
  ]
  return all.filter(({ duty }) => duty === undefined || duties.includes(duty))
}

/** Any end will do but a 200, as long as nothing came through. */
async function refuses(
  checked: Checked,
  { what, how, request }: Refusal & { request: Buffer },
): Promise<void> {
  const { contestant } = checked
  const before = await contestant.received()
  const { answers, ended } = await send(checked, [request], how)
  if (answers.some(({ status }) => status < 400))
    throw new CheckFailed(`${contestant.name}, ${what}: answered ${answers[0]?.status} instead of refused`)
  if (answers.length === 0 && ended === 'timeout')
    throw new CheckFailed(`${contestant.name}, ${what}: neither answered nor refused`)
  await cameThrough(contestant, { what, before, requests: 0, bytes: 0 })
}

interface How {
  readonly identity?: Dial['identity'] | undefined
  readonly localAddress?: string
  /** Milliseconds. */
  readonly deadline?: number
}

function send({ contestant, material }: Checked, steps: readonly Step[], how: How = {}): Promise<Exchange> {
  const { ca, client } = material
  const { deadline = 10_000, localAddress } = how
  const identity = 'identity' in how ? how.identity : client
  const dial: Dial = {
    host: '127.0.0.1',
    port: contestant.port,
    ca,
    tls: TLS,
    ...(identity === undefined ? {} : { identity }),
    ...(localAddress === undefined ? {} : { localAddress }),
  }
  return exchange({ dial, steps, deadline })
}

interface Expected extends Received {
  readonly what: string
  readonly before: Received
}

async function cameThrough(
  { name, received }: Checked['contestant'],
  { what, before, ...expected }: Expected,
): Promise<void> {
  const after = await received()
  const requests = after.requests - before.requests
  const bytes = after.bytes - before.bytes
  if (requests !== expected.requests || bytes !== expected.bytes)
    throw new CheckFailed(
      `${name}, ${what}: ${requests} requests and ${bytes} bytes came through, not ${expected.requests} and ${expected.bytes}`,
    )
}
