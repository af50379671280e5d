// The grammar of X-Forwarded-Client-Cert: elements by ",", pairs by ";", values bare or in double quotes with \" for a quote.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
import { FrontFieldError } from './front.ts'

/** What one proxy says; keys in lower case. Those that name several things of one certificate may repeat. */
export type Element = ReadonlyMap<string, string>

const KEYS = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'])
const REPEATED = new Set(['by', 'uri', 'dns'])
const KEY = /[A-Za-z]{1,20}=/y
const BARE = /[^,;="\\\s]*/y
const QUOTED = /"((?:[^"\\]|\\["\\])*)"/y

/** @throws FrontFieldError where it is not exactly one element. */
export function onlyElement(text: string, where: string): Element {
  const element = new Map<string, string>()
  const taken = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) throw new FrontFieldError(`${where} is malformed`)
    return found
  }
  for (let at = 0; ; at += 1) {
    const written = taken(KEY, at)
    at += written.length
    const quoted = text[at] === '"'
    const value = taken(quoted ? QUOTED : BARE, at)
    at += value.length
    const key = written.slice(0, -1).toLowerCase()
    if (!KEYS.has(key)) throw new FrontFieldError(`${where} has a key that is unknown`)
    if (element.has(key) && !REPEATED.has(key)) throw new FrontFieldError(`${where} has ${key} twice`)
    element.set(key, quoted ? value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : value)
    if (at === text.length) return element
    // Envoy appends to what the client sent where it is told to: the first element would be the client's own.
    if (text[at] === ',') throw new FrontFieldError(`${where} has more than one element`)
    if (text[at] !== ';') throw new FrontFieldError(`${where} is malformed`)
  }
}
