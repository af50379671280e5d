// The work of `hubgate send`, apart from its options: what is sent, what is printed, and how that ends.
import { randomInt } from 'node:crypto'
import { ATTACKS, type Attack, type AttackContext, attackNamed } from '../lab/attacks.ts'
import { PAYLOADS } from '../lab/payloads.ts'
import { type SentTry, cannotSend, sendAttack, sendChallenge, sendDelivery } from '../lab/sender.ts'
import { nearest } from '../config/suggest.ts'
import { visible } from '../observe/text.ts'
import { EXIT, print, wrongUse } from './io.ts'
import { fromFile, readSecrets } from './secrets.ts'
import { hintFor, payloadsFor, wholeNumber } from './send-arguments.ts'
import { load } from './send-load.ts'
import type { Say, SendReport } from './send-report.ts'
import type { SendOptions } from './send.ts'

/** The defaults of a gateway whose limits we do not know. */
const LIMITS = {
  body: 4 * 1024 * 1024,
  head: 16 * 1024,
  connectionsPerAddress: 256,
  handshakeTimeout: 10_000,
  headTimeout: 10_000,
  bodyTimeout: 30_000,
} as const

/** @throws CliError (wrong use) where URL, certificate or secret cannot be used. */
export function contextOf(
  url: string,
  options: SendOptions & { verifyToken: string | undefined },
): AttackContext {
  const target = parsedUrl(url)
  const [secret, ...more] = readSecrets(options)
  if (more.length > 0) throw wrongUse('one app secret signs, not several')
  const signs =
    options.verifyToken === undefined || options.payload !== undefined || options.rate !== undefined
  if (secret === undefined && signs)
    throw wrongUse('an app secret is needed', 'give --secret-env NAME or --secret-file FILE')
  const client = identityOf(options)
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1')
  const plain = target.protocol === 'http:'
  return {
    dial: {
      host,
      port: Number(target.port) || (plain ? 80 : 443),
      ...(options.ca === undefined ? {} : { ca: fromFile(options.ca) }),
      ...(plain ? { tls: false as const } : {}),
    },
    client,
    authorities: undefined,
    authority: target.host,
    path: target.pathname,
    secret: secret?.secret ?? '',
    verifyToken: options.verifyToken ?? '',
    limits: LIMITS,
    mark: 'send',
  }
}

/** Does what the options ask for. */
export async function play(context: AttackContext, options: SendOptions): Promise<SendReport> {
  const say: Say = options.json === true ? () => {} : print
  if (options.attack !== undefined) return attack(context, options.attack, say)
  if (options.rate !== undefined) return load(context, options, say)
  if (options.duration !== undefined) throw wrongUse('--duration is for load', 'give --rate N as well')
  return deliver(context, options, say)
}

/** The challenge where a token is known, then the payload where a secret is. */
async function deliver(context: AttackContext, options: SendOptions, say: Say): Promise<SendReport> {
  const results: { sent: string; status: number | undefined; ms: number; ended: string }[] = []
  const take = (sent: string, { status, ms, ended, body }: SentTry, good: boolean) => {
    results.push({ sent, status, ms, ended })
    const came = status === undefined ? ended : `${status}${good || body === '' ? '' : ` ${body}`}`
    say(`${good ? '✓' : '✗'} ${sent.padEnd(28)} ${visible(came.slice(0, 300))}  ${ms.toFixed(1)} ms`)
    return good
  }
  let fine = true
  if (context.verifyToken !== '') {
    const tried = await sendChallenge(context, `${randomInt(1_000_000_000, 2_000_000_000)}`)
    fine = take('challenge', tried, tried.echoed)
  }
  if (context.secret !== '') {
    const retries = wholeNumber('--retries', options.retries ?? '0', 20)
    for (const { name, bytes } of payloadsFor(options.payload ?? 'whatsapp')) {
      const onTry = (one: SentTry) => void take(name, one, one.status === 200)
      const last = await sendDelivery(context, { body: bytes(), retries, onTry })
      fine = last.status === 200 && fine
    }
  }
  return {
    json: { outcome: fine ? 'acknowledged' : 'failed', results },
    exit: fine ? EXIT.done : EXIT.failed,
  }
}

/** One hostile case, or all that can be sent from here; slow ones at once, at the end. */
async function attack(context: AttackContext, name: string, say: Say): Promise<SendReport> {
  const chosen =
    name === 'all' ? ATTACKS.filter((one) => cannotSend(one, context) === undefined) : [attackFor(name)]
  for (const one of chosen) {
    const why = cannotSend(one, context)
    if (why !== undefined) throw wrongUse(`${one.id} cannot be sent: it ${why}`, 'or let hubgate lab play it')
  }
  const results: {
    attack: string
    expected: string
    came: string
    ms: number
    problems: readonly string[]
  }[] = []
  const run = async (one: Attack) => {
    const { expected, came, problems, ms } = await sendAttack(context, one)
    results.push({ attack: one.id, expected, came, ms, problems })
    say(`${problems.length === 0 ? '✓' : '✗'} ${one.id.padEnd(28)} ${visible(came)}  ${ms.toFixed(1)} ms`)
    for (const problem of problems) say(`    expected ${expected}; ${visible(problem)}`)
  }
  for (const one of chosen) if (one.slow !== true) await run(one)
  await Promise.all(chosen.filter((one) => one.slow === true).map(run))
  const bad = results.filter(({ problems }) => problems.length > 0).length
  say(`${results.length - bad} of ${results.length} refused as they should be`)
  return { json: { results, otherwise: bad }, exit: bad === 0 ? EXIT.done : EXIT.wanting }
}

export function catalogue() {
  return {
    payloads: PAYLOADS.map(({ name, title, kind }) => ({ name, title, kind })),
    attacks: ATTACKS.map(({ id, title, gate, expect, needs }) => ({
      name: id,
      title,
      gate,
      ...expect,
      needs,
    })),
  }
}

export function catalogueText(): string {
  const row = (name: string, title: string) => `  ${name.padEnd(28)} ${title}`
  return [
    'Payloads (--payload NAME):',
    ...PAYLOADS.map(({ name, title }) => row(name, title)),
    '',
    'Attacks (--attack NAME); those with * are played by hubgate lab only:',
    ...ATTACKS.map(({ id, title, needs }) => row(`${id}${needs === undefined ? '' : ' *'}`, title)),
  ].join('\n')
}

function parsedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['https:', 'http:'].includes(url.protocol))
    throw wrongUse(`${visible(text)} is no URL to send to`, 'such as https://localhost:8443/webhooks/meta')
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw wrongUse('the URL may have no user, query or fragment', 'the challenge adds its own query')
  return url
}

function identityOf({ cert, key }: SendOptions): AttackContext['client'] {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) throw wrongUse('--cert and --key belong together')
  return { certificate: fromFile(cert), key: fromFile(key) }
}

function attackFor(name: string): Attack {
  const known = attackNamed(name)
  if (known !== undefined) return known
  throw wrongUse(
    `no attack is called ${visible(name)}`,
    hintFor(
      nearest(
        name,
        ATTACKS.map(({ id }) => id),
      ),
    ),
  )
}
