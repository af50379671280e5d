// Attacks with requests that are well formed, but not ours to serve: path, method, length, media type, expectation.
import type { RefusalCode } from '../../domain/refusals.ts'
import {
  type Attack,
  type AttackContext,
  type DeliveryChanges,
  BODY,
  answered,
  challengeOf,
  closed,
  deliveryOf,
  say,
} from './attack.ts'

export const requestAttacks: readonly Attack[] = [
  {
    ...row('101-fields', { gate: 'head-size', code: 'HEAD_TOO_LARGE', status: 431 }),
    title: 'more than 100 fields',
    send: (context) =>
      say(context, [
        deliveryOf(context, { add: Array.from({ length: 101 }, (_, i) => [`X-${i}`, '1'] as const) }),
      ]),
  },
  path('path-dots', 'the path with /../ in it', ({ path }) => `/webhooks/..${path}`),
  path('path-encoded', 'the path with its first letter percent-encoded', ({ path }) => encodedLetter(path)),
  path(
    'path-encoded-slash',
    'the path with %2f for a slash',
    ({ path }) => `/${path.slice(1).replaceAll('/', '%2f')}%2f`,
  ),
  path('path-parameter', 'the path with ;x behind it', ({ path }) => `${path};x`),
  path('path-double-slash', 'the path with // before it', ({ path }) => `/${path}`),
  path('path-case', 'the path in capitals', ({ path }) => path.toUpperCase()),
  path('path-slash', 'the path with a slash behind it', ({ path }) => `${path}/`),
  path('path-backslash', 'the path with a backslash', ({ path }) => `/x\\..${path}`),
  {
    ...row('pipelined-behind-refusal', { gate: 'route', code: 'ROUTE_UNKNOWN', status: 404 }),
    title: 'an unknown path, and a perfect delivery right behind it',
    send: (context) =>
      say(context, [Buffer.concat([deliveryOf(context, { target: '/' }), deliveryOf(context)])]),
  },
  ...['HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'].map(method),
  {
    ...row('no-length', { gate: 'length', code: 'LENGTH_REQUIRED', status: 411 }),
    title: 'a POST without Content-Length',
    send: (context) =>
      say(context, [deliveryOf(context, { set: { 'content-length': undefined }, body: Buffer.alloc(0) })]),
  },
  {
    ...row('chunked', { gate: 'length', code: 'LENGTH_REQUIRED', status: 411 }),
    title: 'a chunked delivery with a valid signature',
    send: (context) => say(context, [chunkedDelivery(context)]),
  },
  {
    ...row('one-byte-too-many', { gate: 'length', code: 'BODY_TOO_LARGE', status: 413 }),
    title: 'a body one byte above the limit, all of it sent',
    send: (context) =>
      say(context, [deliveryOf(context, { body: Buffer.alloc(context.limits.body + 1, 0x20) })]),
  },
  {
    ...row('ten-gigabytes', { gate: 'length', code: 'BODY_TOO_LARGE', status: 413 }),
    title: '10 GB announced',
    send: (context) => say(context, [deliveryOf(context, { set: { 'content-length': '10000000000' } })]),
  },
  type('form', 'a signed form instead of JSON', 'application/x-www-form-urlencoded'),
  type('no-type', 'a signed delivery without Content-Type', undefined),
  type('json-suffix', 'Content-Type: application/json-patch+json', 'application/json-patch+json'),
  type(
    'charset-utf-16',
    'Content-Type: application/json; charset=utf-16',
    'application/json; charset=utf-16',
  ),
  {
    ...row('expectation', { gate: 'expectation', code: 'EXPECTATION_UNSUPPORTED', status: 417 }),
    title: 'Expect: 200-ok',
    send: (context) => say(context, [deliveryOf(context, { set: { expect: '200-ok' } })]),
  },
  {
    ...row('slow-head', { gate: 'deadline', code: 'HEAD_TIMEOUT', status: 408 }),
    title: 'a head, a few bytes at a time, without end',
    slow: true,
    send: (context) =>
      say(context, drip(context.limits.headTimeout, 'POST / HTTP/1.1\r\nHost: localhost\r\n', 'X: y\r\n'), {
        deadline: context.limits.headTimeout + 4000,
      }),
  },
]

/** Names of the body's own phase, kept here beside the other deadlines. */
export const slowBodyAttacks: readonly Attack[] = [
  {
    ...row('slow-body', { gate: 'deadline', code: 'BODY_TIMEOUT', status: 408 }),
    title: 'a body, a byte at a time, without end',
    chapter: 'body',
    slow: true,
    send: (context) => {
      const head = deliveryOf(context, { set: { 'content-length': '1000' }, body: Buffer.alloc(0) })
      return say(context, drip(context.limits.bodyTimeout, head.toString('latin1'), ' '), {
        deadline: context.limits.bodyTimeout + 4000,
      })
    },
  },
  {
    ...row('body-cut-off', { gate: 'client', code: 'CLIENT_ABORTED', status: 0 }),
    title: 'a connection that ends before its body does',
    chapter: 'body',
    expect: closed('CLIENT_ABORTED'),
    send: (context) =>
      say(context, [deliveryOf(context, { set: { 'content-length': '1000' } }), { wait: 50 }, { end: true }]),
  },
]

function row(id: string, { gate, code, status }: { gate: string; code: RefusalCode; status: number }) {
  return { id, gate, chapter: 'request', expect: answered(code, status) } as const
}

function path(id: string, title: string, target: (context: AttackContext) => string): Attack {
  return {
    ...row(id, { gate: 'route', code: 'ROUTE_UNKNOWN', status: 404 }),
    title,
    send: (context) => say(context, [deliveryOf(context, { target: target(context) })]),
  }
}

function method(method: string): Attack {
  return {
    ...row(`method-${method.toLowerCase()}`, { gate: 'method', code: 'METHOD_NOT_ALLOWED', status: 405 }),
    title: `${method} on the right path`,
    send: (context) => say(context, [challengeOf(context, { method })], { method }),
  }
}

function type(id: string, title: string, value: string | undefined): Attack {
  const changes: DeliveryChanges = { set: { 'content-type': value } }
  return {
    ...row(id, { gate: 'media-type', code: 'MEDIA_TYPE_UNSUPPORTED', status: 415 }),
    title,
    send: (context) => say(context, [deliveryOf(context, changes)]),
  }
}

function chunkedDelivery(context: AttackContext): Buffer {
  const whole = deliveryOf(context, { set: { 'content-length': undefined, 'transfer-encoding': 'chunked' } })
  const head = whole.subarray(0, whole.length - BODY.length)
  return Buffer.concat([
    head,
    Buffer.from(`${BODY.length.toString(16)}\r\n`),
    BODY,
    Buffer.from('\r\n0\r\n\r\n'),
  ])
}

/** Keeps sending for a second longer than the deadline (milliseconds) it is to hit. */
function drip(deadline: number, first: string, again: string) {
  const times = Math.ceil((deadline + 1000) / 100)
  return [first, ...Array.from({ length: times }, () => [{ wait: 100 }, again]).flat()]
}

function encodedLetter(path: string): string {
  const letter = path.charCodeAt(1).toString(16)
  return `/%${letter}${path.slice(2)}`
}
