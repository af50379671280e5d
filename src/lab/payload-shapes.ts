// The envelopes Meta's products share, with invented ids; payloads.ts fills them.

export const WABA = '102000000000001'
export const PAGE = '100000000000001'
export const CLOCK = 1_790_000_000

export function json(value: unknown): Buffer {
  // Meta escapes slashes and everything beyond ASCII.
  const text = JSON.stringify(value)
    .replaceAll('/', String.raw`\/`)
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return Buffer.from(text)
}

export function whatsapp(messages: readonly unknown[]) {
  const changes = messages.map((message) => ({
    value: { ...number(), messages: [message] },
    field: 'messages',
  }))
  return { object: 'whatsapp_business_account', entry: [{ id: WABA, changes }] }
}

export function number() {
  return {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550002222', phone_number_id: '106000000000001' },
  }
}

export function textMessage(index: number) {
  return {
    from: '15550001111',
    id: `wamid.LAB${index}`,
    timestamp: `${CLOCK + index}`,
    type: 'text',
    text: { body: `Does it come in another colour? ${index}` },
  }
}

export function conversation(object: string, message: unknown) {
  const messaging = [{ sender: { id: '2001' }, recipient: { id: PAGE }, timestamp: CLOCK * 1000, message }]
  return { object, entry: [{ id: PAGE, time: CLOCK * 1000, messaging }] }
}

export function change(object: string, field: string, value: unknown) {
  return { object, entry: [{ id: PAGE, time: CLOCK, changes: [{ field, value }] }] }
}
