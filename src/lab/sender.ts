// Plays Meta against any gateway: the challenge, one signed delivery with Meta's retries, one hostile case.
// What came back is told, not judged, but for the hostile case.
import { type AttackContext, BODY, challengeOf, deliveryOf, dialOf } from './attacks/attack.ts'
import type { Attack } from './attacks.ts'
import { type Exchange, exchange } from './exchange.ts'
import { type Judged, judgeAttack } from './judge.ts'

/** Milliseconds: Messenger waits 5 s for an answer; we wait longer, and show how long it took. */
const DEADLINE = 15_000

export interface SentTry {
  readonly status: number | undefined
  /** How it ended where there was no answer, and why. */
  readonly ended: string
  readonly body: string
  readonly ms: number
}

/** A random challenge; admitted only where it comes back verbatim. */
export async function sendChallenge(
  context: AttackContext,
  challenge: string,
): Promise<SentTry & { echoed: boolean }> {
  const bytes = challengeOf(context, { challenge })
  const sent = tried(await exchange({ dial: dialOf(context), steps: [bytes], deadline: DEADLINE }))
  return { ...sent, echoed: sent.status === 200 && sent.body === challenge }
}

export interface DeliverOptions {
  readonly body: Uint8Array
  /** How often to try again until 200, as Meta does. */
  readonly retries: number
  readonly onTry?: (tried: SentTry) => void
}

/** @returns the last try; only status 200 is success for Meta. */
export async function sendDelivery(context: AttackContext, options: DeliverOptions): Promise<SentTry> {
  const bytes = deliveryOf(context, { body: options.body })
  for (let attempt = 0; ; attempt++) {
    const sent = tried(await exchange({ dial: dialOf(context), steps: [bytes], deadline: DEADLINE }))
    options.onTry?.(sent)
    if (sent.status === 200 || attempt >= options.retries) return sent
    await new Promise((resolve) => setTimeout(resolve, waitBefore(attempt)))
  }
}

/** Sends one hostile case and compares the answer with what a hubgate has to say to it. */
export async function sendAttack(context: AttackContext, attack: Attack): Promise<Judged & { ms: number }> {
  const ended = await attack.send({ ...context, mark: attack.id })
  return { ...judgeAttack(attack, { exchange: ended, records: undefined, reached: undefined }), ms: ended.ms }
}

/** @returns why a case cannot be sent from here; undefined where it can. */
export function cannotSend({ needs, chapter }: Attack, context: AttackContext): string | undefined {
  if (needs === 'authorities') return 'needs certificates that only the lab can issue'
  if (needs === 'addresses') return 'needs the addresses and the allow-list of the lab'
  if (context.client === undefined && chapter !== 'handshake')
    return 'needs a client certificate (--cert, --key)'
  if (context.verifyToken === '' && chapter === 'challenge')
    return 'needs the verify token (--verify-token-env, --verify-token-file)'
  return undefined
}

/** Bytes of the smallest sensible delivery, for load. */
export const LOAD_BODY: Uint8Array = BODY

// Meta's first retry is immediate, later ones are less and less frequent.
function waitBefore(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(30_000, 500 * 2 ** attempt)
}

function tried({ answers, ended, error, ms }: Exchange): SentTry {
  const answer = answers[0]
  return {
    status: answer?.status,
    ended: answer === undefined ? `${ended}${error === undefined ? '' : `: ${error}`}` : 'answered',
    body: answer?.body.toString('utf8') ?? '',
    ms,
  }
}
