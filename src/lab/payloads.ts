// What Meta sends, one delivery a product, and bodies that try a consumer's patience. Bytes, as they are on the wire.
// Invented people, numbers and ids only.
import {
  CLOCK,
  PAGE,
  WABA,
  change,
  conversation,
  json,
  number,
  textMessage,
  whatsapp,
} from './payload-shapes.ts'

export interface Payload {
  readonly name: string
  readonly title: string
  /** The product, or what is odd about it. */
  readonly kind: string
  /** Made when asked for: some are large. */
  readonly bytes: () => Buffer
}

export const PAYLOADS: readonly Payload[] = [
  {
    name: 'whatsapp',
    title: 'WhatsApp: a text message',
    kind: 'WhatsApp',
    bytes: () => json(whatsapp([textMessage(1)])),
  },
  {
    name: 'whatsapp-status',
    title: 'WhatsApp: a message was read',
    kind: 'WhatsApp',
    bytes: () =>
      json({
        object: 'whatsapp_business_account',
        entry: [
          {
            id: WABA,
            changes: [
              {
                value: {
                  ...number(),
                  statuses: [
                    { id: 'wamid.LAB1', status: 'read', timestamp: `${CLOCK}`, recipient_id: '15550001111' },
                  ],
                },
                field: 'messages',
              },
            ],
          },
        ],
      }),
  },
  {
    name: 'messenger',
    title: 'Messenger: a message',
    kind: 'Messenger',
    bytes: () => json(conversation('page', { mid: 'm_lab-1', text: 'Hi, is this available?' })),
  },
  {
    name: 'instagram',
    title: 'Instagram: a direct message',
    kind: 'Instagram',
    bytes: () => json(conversation('instagram', { mid: 'aWdfbGFi', text: 'hello' })),
  },
  {
    name: 'page-feed',
    title: 'Pages: a comment in the feed',
    kind: 'Pages',
    bytes: () =>
      json(
        change('page', 'feed', {
          from: { id: '2001', name: 'A Person' },
          item: 'comment',
          verb: 'add',
          post_id: `${PAGE}_777`,
          comment_id: '777_888',
          created_time: CLOCK,
          message: 'How much?',
        }),
      ),
  },
  {
    name: 'leadgen',
    title: 'Leads: a form was filled in',
    kind: 'leads',
    bytes: () =>
      json(
        change('page', 'leadgen', {
          leadgen_id: '444000000000001',
          page_id: PAGE,
          form_id: '555000000000001',
          created_time: CLOCK,
        }),
      ),
  },
  {
    name: 'ads',
    title: 'Ads: an ad with issues',
    kind: 'ads',
    bytes: () =>
      json(
        change('ad_account', 'with_issues_ad_objects', {
          id: '120000000000001',
          level: 'AD',
          error_code: '1815869',
          error_summary: 'Ad rejected',
        }),
      ),
  },
  {
    name: 'payments',
    title: 'Payments: a payment changed',
    kind: 'payments',
    bytes: () =>
      json({
        object: 'payments',
        entry: [{ id: '296000000000001', time: CLOCK, changed_fields: ['actions'] }],
      }),
  },
  {
    name: 'certificate-transparency',
    title: 'Certificate transparency: a new certificate',
    kind: 'certificate transparency',
    bytes: () =>
      json(
        change('certificate_transparency', 'certificate', {
          certificate_pem: '-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n',
          cert_hash_sha256: '65ef1234aa',
        }),
      ),
  },
  {
    name: 'threads',
    title: 'Threads: a reply (flat, without entries)',
    kind: 'Threads',
    bytes: () =>
      json({
        app_id: '123456',
        topic: 'moderate',
        target_id: '78901',
        time: CLOCK,
        subscription_id: '234567',
        values: {
          value: { id: '8901234', username: 'a_user', text: 'Reply', media_type: 'TEXT_POST' },
          field: 'replies',
        },
      }),
  },
  {
    name: 'batch',
    title: '1000 updates in one delivery',
    kind: 'size',
    bytes: () => json(whatsapp(Array.from({ length: 1000 }, (_, i) => textMessage(i)))),
  },
  {
    name: 'three-megabytes',
    title: 'a delivery of exactly 3 MB',
    kind: 'size',
    bytes: threeMegabytes,
  },
  {
    name: 'escapes',
    title: 'escapes that a re-serialisation would lose',
    kind: 'bytes',
    bytes: () =>
      Buffer.from(
        String.raw`{"object":"page","entry":[{"id":"${PAGE}","time":${CLOCK},"changes":[{"field":"feed","value":{"message":"Gr\u00fc\u00dfe \ud83d\ude00 https:\/\/example.com\/a\u0040b","n":1.0,"e":1e3}}]}]}`,
      ),
  },
  {
    name: 'large-ids',
    title: 'ids as numbers beyond 2^53',
    kind: 'bytes',
    bytes: () =>
      Buffer.from(
        `{"object":"page","entry":[{"id":"${PAGE}","time":${CLOCK},"changes":[{"field":"leadgen","value":{"leadgen_id":9007199254740993,"form_id":18446744073709551615}}]}]}`,
      ),
  },
  {
    name: 'duplicate-keys',
    title: 'an object with the same key twice',
    kind: 'bytes',
    bytes: () => Buffer.from(`{"object":"page","object":"instagram","entry":[],"__proto__":{"admin":true}}`),
  },
  {
    name: 'invalid-json',
    title: 'a signed body that is no JSON',
    kind: 'bytes',
    bytes: () => Buffer.from('{"object":"page","entry":[{"id":'),
  },
  {
    name: 'byte-order-mark',
    title: 'a byte order mark before the JSON, CRLF after it',
    kind: 'bytes',
    bytes: () => Buffer.from('\uFEFF{"object":"page","entry":[]}\r\n'),
  },
  {
    name: 'broken-text',
    title: 'a lone surrogate, NUL and bytes that are no UTF-8',
    kind: 'bytes',
    bytes: () =>
      Buffer.concat([
        Buffer.from(String.raw`{"object":"page","lone":"\ud800","raw":"`),
        Buffer.from([0x00, 0xed, 0xa0, 0x80, 0xc3, 0x28, 0xff]),
        Buffer.from('"}'),
      ]),
  },
]

/** @returns the payload of that name, or undefined. */
export function payloadNamed(name: string): Payload | undefined {
  return PAYLOADS.find((payload) => payload.name === name)
}

function threeMegabytes(): Buffer {
  const frame = json(whatsapp([{ ...textMessage(1), text: { body: '@' } }])).toString()
  const [before = '', after = ''] = frame.split('@')
  return Buffer.from(before + 'x'.repeat(3_000_000 - before.length - after.length) + after)
}
