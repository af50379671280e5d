// Attacks on the signature: absent, misspelt, or made over other bytes or with another secret.
import { createHmac } from 'node:crypto'
import type { RefusalCode } from '../../domain/refusals.ts'
import { sign } from '../../domain/signature.ts'
import { payloadNamed } from '../payloads.ts'
import {
  type Attack,
  type AttackContext,
  type DeliveryChanges,
  BODY,
  answered,
  deliveryOf,
  say,
} from './attack.ts'

const FIELD = 'x-hub-signature-256'
/** Of some other app at Meta: its owner can make Meta deliver to our address. */
const FOREIGN_SECRET = 'ffffffffffffffffffffffffffffffff'

export const signatureAttacks: readonly Attack[] = [
  row('unsigned', 'no signature at all', 'SIGNATURE_MISSING', () => ({ secret: undefined })),
  row('sha1-only', 'a valid X-Hub-Signature (sha1) only', 'SIGNATURE_MISSING', () => ({
    set: { [FIELD]: undefined },
  })),
  field('empty-signature', 'an empty signature', () => ''),
  field(
    'upper-case',
    'the right signature in upper-case hex',
    (good) => `sha256=${good.slice(7).toUpperCase()}`,
  ),
  field('scheme-case', 'SHA256= before the right signature', (good) => good.replace('sha256', 'SHA256')),
  field('no-scheme', 'the right signature without sha256=', (good) => good.slice(7)),
  field('quoted', 'the right signature in quotes', (good) => `"${good}"`),
  field(
    'base64',
    'the right signature in base64',
    (good) => `sha256=${Buffer.from(good.slice(7), 'hex').toString('base64')}`,
  ),
  field('63-digits', 'the right signature without its last digit', (good) => good.slice(0, -1)),
  field('128-digits', 'the right signature, its digits twice', (good) => good + good.slice(7)),
  field('not-hex', 'z for the last digit', (good) => `${good.slice(0, -1)}z`),
  field(
    'comma-joined',
    'a wrong and the right signature, comma-joined',
    (good) => `sha256=${'0'.repeat(64)}, ${good}`,
  ),
  row(
    'two-signatures',
    'the right signature, and a wrong one in a second field',
    'SIGNATURE_MALFORMED',
    () => ({
      add: [['X-Hub-Signature-256', `sha256=${'0'.repeat(64)}`]],
    }),
  ),
  row('sha1-in-sha256', 'a sha1 signature in the sha256 field', 'SIGNATURE_MALFORMED', ({ secret }) => ({
    set: { [FIELD]: `sha1=${createHmac('sha1', secret).update(BODY).digest('hex')}` },
  })),
  row('foreign-secret', "signed with another app's secret", 'SIGNATURE_MISMATCH', () => ({
    secret: FOREIGN_SECRET,
  })),
  row('empty-secret', 'signed with an empty secret', 'SIGNATURE_MISMATCH', () => ({ secret: '' })),
  row('bit-in-digest', 'one bit flipped in the signature', 'SIGNATURE_MISMATCH', ({ secret }) => ({
    set: { [FIELD]: flippedDigit(sign(BODY, secret)) },
  })),
  row('bit-in-body', 'one bit flipped in the body', 'SIGNATURE_MISMATCH', ({ secret }) => {
    const body = Buffer.from(BODY)
    body.writeUInt8(body.readUInt8(20) ^ 1, 20)
    return { body, set: { [FIELD]: sign(BODY, secret) } }
  }),
  row('newline-added', 'a newline behind the signed body', 'SIGNATURE_MISMATCH', ({ secret }) => ({
    body: Buffer.concat([BODY, Buffer.from('\n')]),
    set: { [FIELD]: sign(BODY, secret) },
  })),
  row(
    'mark-stripped',
    'signed without the byte order mark that is sent',
    'SIGNATURE_MISMATCH',
    ({ secret }) => ({
      body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), BODY]),
      set: { [FIELD]: sign(BODY, secret) },
    }),
  ),
  row('re-serialised', 'signed over the re-serialised JSON', 'SIGNATURE_MISMATCH', ({ secret }) => {
    const body = payloadNamed('escapes')?.bytes() ?? BODY
    const other = Buffer.from(JSON.stringify(JSON.parse(body.toString())))
    return { body, set: { [FIELD]: sign(other, secret) } }
  }),
  row('empty-body', 'an empty body with the signature of another', 'SIGNATURE_MISMATCH', ({ secret }) => ({
    body: Buffer.alloc(0),
    set: { [FIELD]: sign(BODY, secret) },
  })),
]

// Four parts that belong together in a table row read better as parameters than as an object.
function row(
  ...[id, title, code, changes]: [string, string, RefusalCode, (context: AttackContext) => DeliveryChanges]
): Attack {
  return {
    id,
    title,
    chapter: 'body',
    gate: 'signature',
    expect: answered(code, 403),
    send: (context) => say(context, [deliveryOf(context, changes(context))]),
  }
}

function field(id: string, title: string, change: (good: string) => string): Attack {
  return row(id, title, 'SIGNATURE_MALFORMED', ({ secret }) => ({
    set: { [FIELD]: change(sign(BODY, secret)) },
  }))
}

function flippedDigit(signature: string): string {
  const last = Number.parseInt(signature.slice(-1), 16) ^ 1
  return signature.slice(0, -1) + last.toString(16)
}
