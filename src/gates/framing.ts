// Refuses whatever two readers of HTTP might understand differently: where the message ends, whom it is for, what it holds.
// Looks at the fields as received: Node's parser accepts double, empty and comma-joined Host, and joins what it repeats.
import type { RequestFacts } from '../domain/facts.ts'
import { type Fields, TOKEN } from '../domain/fields.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

type Needs = Pick<RequestFacts, 'method' | 'version' | 'target' | 'fields'>

export function framing(): Gate<Needs, 'FRAMING_INVALID'> {
  return {
    name: 'framing',
    check: (facts) => {
      for (const rule of RULES) {
        const problem = rule(facts)
        if (problem !== undefined) return refuse('FRAMING_INVALID', problem)
      }
      return admit('one reading only')
    },
  }
}

const RULES: readonly ((facts: Needs) => string | undefined)[] = [
  version,
  target,
  fieldSyntax,
  host,
  singletons,
  transferEncoding,
  contentLength,
  contentOfGet,
  connection,
  upgrade,
]

function version({ version }: Needs): string | undefined {
  return version === '1.1' ? undefined : `HTTP/${version}, not HTTP/1.1`
}

// RFC 9112 §3.2.1: origin-form. Absolute-form, authority-form and * are for proxies, CONNECT and OPTIONS.
function target({ target }: Needs): string | undefined {
  return /^\/[\x21-\x22\x24-\x7e]*$/.test(target)
    ? undefined
    : 'the request target is not a path with an optional query'
}

// RFC 9110 §5.5: NUL, CR and LF may cut a value in two elsewhere; other controls serve nobody.
function fieldSyntax({ fields }: Needs): string | undefined {
  const { raw } = fields
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    if (!TOKEN.test(name)) return 'a field name is not a token'
    // oxlint-disable-next-line no-control-regex -- control characters are what we look for
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(raw[i + 1] ?? '')) return `field ${name} holds a control character`
  }
  return undefined
}

// RFC 9112 §3.2: exactly one Host. RFC 3986 §3.2.2 without user information, which is no part of Host.
const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/
function host({ fields }: Needs): string | undefined {
  const value = fields.only('host')
  if (value === undefined) return `${fields.all('host').length} Host fields, not exactly one`
  const match = HOST.exec(value)
  return match !== null && Number(match[1] ?? 0) <= 65_535
    ? undefined
    : 'Host is not a name with an optional port'
}

const SINGLETONS = ['content-length', 'content-type', 'transfer-encoding', 'expect', 'upgrade']
function singletons({ fields }: Needs): string | undefined {
  for (const name of SINGLETONS) if (fields.repeats(name)) return `field ${name} stands twice`
  return undefined
}

// RFC 9112 §6.1 and §6.3: with Transfer-Encoding present Content-Length does not frame the message. The upstream
// might choose differently, so both together, and anything but exactly "chunked", are refused.
function transferEncoding({ fields, method }: Needs): string | undefined {
  if (!fields.has('transfer-encoding')) return undefined
  if (fields.has('content-length')) return 'both Content-Length and Transfer-Encoding'
  if (fields.only('transfer-encoding')?.toLowerCase() !== 'chunked')
    return 'Transfer-Encoding is not exactly "chunked"'
  return hasNoContent(method) ? `Transfer-Encoding on ${method}` : undefined
}

// RFC 9110 §8.6: digits only. A list of equal values is allowed there, and one more way to disagree here.
function contentLength({ fields }: Needs): string | undefined {
  const value = fields.only('content-length')
  if (value === undefined) return undefined
  return /^(?:0|[1-9]\d{0,15})$/.test(value) && Number.isSafeInteger(Number(value))
    ? undefined
    : 'Content-Length is not a plain number'
}

// RFC 9110 §9.3.1: content in a GET has no meaning, and has been used to smuggle.
function contentOfGet({ method, fields }: Needs): string | undefined {
  if (!hasNoContent(method) || !fields.has('content-length')) return undefined
  return fields.only('content-length') === '0' ? undefined : `content in a ${method}`
}

// Content in PUT, DELETE and the like is well framed; that those methods are refused is the method gate's rule.
function hasNoContent(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

// RFC 9110 §7.6.1 lets a sender have fields removed on the way: not those that frame, address or prove the message.
const NEVER_HOP_BY_HOP = new Set([
  'x-hub-signature-256',
  'x-hub-signature',
  'host',
  'content-type',
  'content-length',
  'transfer-encoding',
  'content-encoding',
])
function connection({ fields }: Needs): string | undefined {
  const named = fields.list('connection').find((option) => NEVER_HOP_BY_HOP.has(option))
  return named === undefined ? undefined : `Connection names ${named}`
}

function upgrade({ fields }: Needs): string | undefined {
  return fields.has('upgrade') ? 'asks for another protocol (Upgrade)' : undefined
}

/** The announced length, once the framing gate admitted; undefined where none is announced. */
export function announcedLength(fields: Fields): number | undefined {
  const value = fields.only('content-length')
  return value === undefined ? undefined : Number(value)
}
