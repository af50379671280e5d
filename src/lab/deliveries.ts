// What Meta itself does, every way it may do it: the challenge, each product's delivery, retries, and odd but right
// connections. All of it has to be admitted.
import { createHash } from 'node:crypto'
import { type AttackContext, challengeOf, deliveryOf, dialOf, say } from './attacks/attack.ts'
import { type Exchange, type Step, exchange } from './exchange.ts'
import { PAYLOADS } from './payloads.ts'
import { type ClientIdentity, metaShaped } from './pki/authorities.ts'

export interface GoodCase {
  readonly id: string
  readonly title: string
  /** The challenge is answered, a delivery acknowledged. */
  readonly outcome: 'answered' | 'acknowledged'
  /** Requests in it; each has its own answer and record. */
  readonly requests: number
  /** What the answer's body has to be. */
  readonly answer: string
  /** What a consumer has to have got, `requests` times; undefined where nothing reaches it. */
  readonly sha256: string | undefined
  readonly needs?: 'authorities' | 'previous-secret' | 'ipv6'
  readonly send: (context: GoodContext) => Promise<Exchange>
}

export interface GoodContext extends AttackContext {
  /** The secret before the current one, still configured. */
  readonly previousSecret: string | undefined
}

const CHALLENGE = '1158201444'
const SMALL = Buffer.from('{"object":"page","entry":[{"id":"1","time":1790000000,"changes":[]}]}')

export const GOOD_CASES: readonly GoodCase[] = [
  {
    id: 'challenge',
    title: 'the GET challenge',
    outcome: 'answered',
    requests: 1,
    answer: CHALLENGE,
    sha256: undefined,
    send: (context) => say(context, [challengeOf(context)]),
  },
  ...PAYLOADS.map(({ name, title, bytes }) =>
    delivery({
      id: name,
      title,
      body: bytes,
      send: (context) => say(context, [deliveryOf(context, { body: bytes() })], { deadline: 15_000 }),
    }),
  ),
  small('retry', 'a small delivery, which the next cases send again and again', (context) =>
    plainDelivery(context),
  ),
  {
    ...small('keep-alive', 'three deliveries at once on one connection', (context) =>
      say(context, [Buffer.concat([goodBytes(context), goodBytes(context), goodBytes(context)])], {
        answers: 3,
      }),
    ),
    requests: 3,
  },
  small('byte-by-byte', 'a delivery in pieces of one byte', (context) =>
    say(
      context,
      [...goodBytes(context)].map((byte) => Buffer.from([byte])),
    ),
  ),
  small('expect-continue', 'Expect: 100-continue', (context) => {
    const whole = goodBytes(context, { set: { expect: '100-continue' } })
    const head = whole.length - SMALL.length
    const steps: Step[] = [whole.subarray(0, head), { wait: 50 }, whole.subarray(head)]
    return say(context, steps)
  }),
  small('charset', 'Content-Type: application/json; charset=UTF-8', (context) =>
    say(context, [goodBytes(context, { set: { 'content-type': 'application/json; charset=UTF-8' } })]),
  ),
  small('forged-identity', 'forged X-Forwarded-For and Hubgate-Verified, which nobody believes', (context) =>
    say(context, [
      goodBytes(context, {
        add: [
          ['X-Forwarded-For', '198.51.100.1'],
          ['Hubgate-Verified', 'everything'],
        ],
      }),
    ]),
  ),
  small('tls-1.2', 'TLS 1.2', (context) =>
    exchange({ dial: dialOf(context, { tls: { maxVersion: 'TLSv1.2' } }), steps: [goodBytes(context)] }),
  ),
  {
    ...small('ipv6', 'over IPv6, from ::1', (context) =>
      exchange({ dial: { ...dialOf(context), host: '::1' }, steps: [goodBytes(context)] }),
    ),
    needs: 'ipv6',
  },
  {
    ...small('previous-secret', 'signed with the secret before this one', (context) =>
      say(context, [goodBytes(context, { secret: context.previousSecret })]),
    ),
    needs: 'previous-secret',
  },
  certified('digicert-chain', 'the older chain: SHA-1 root, intermediate, leaf', ({ digicert }) =>
    digicert.client(),
  ),
  certified('p-256', 'a P-256 leaf', ({ meta }) => meta.client({ key: 'p-256' })),
  certified('p-384', 'a P-384 leaf', ({ meta }) => meta.client({ key: 'p-384' })),
  certified('ed25519', 'an Ed25519 leaf', ({ meta }) => meta.client({ key: 'ed25519' })),
  certified('shuffled-chain', 'unrelated certificates before the intermediate', ({ meta, digicert }) =>
    digicert.client({ chain: [meta.root, metaShaped('p-256').root, ...digicert.intermediates] }),
  ),
]

/** The delivery that shows, after an attack, that all others are still served. */
export function plainDelivery(context: GoodContext): Promise<Exchange> {
  return say(context, [goodBytes(context)])
}

export const PLAIN_SHA256 = sha256(SMALL)

function goodBytes(context: GoodContext, changes: Parameters<typeof deliveryOf>[1] = {}): Buffer {
  return deliveryOf(context, { body: SMALL, ...changes })
}

interface DeliveryCase extends Pick<GoodCase, 'id' | 'title' | 'send'> {
  readonly body: () => Buffer
}

function delivery({ body, ...rest }: DeliveryCase): GoodCase {
  return { ...rest, outcome: 'acknowledged', requests: 1, answer: '', sha256: sha256(body()) }
}

function small(id: string, title: string, send: GoodCase['send']): GoodCase {
  return delivery({ id, title, body: () => SMALL, send })
}

function certified(
  id: string,
  title: string,
  identity: (authorities: NonNullable<AttackContext['authorities']>) => ClientIdentity,
): GoodCase {
  return {
    ...small(id, title, (context) => {
      if (context.authorities === undefined) throw new Error(`${id} needs the lab's authorities`)
      return exchange({
        dial: dialOf(context, { identity: identity(context.authorities) }),
        steps: [goodBytes(context)],
      })
    }),
    needs: 'authorities',
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
