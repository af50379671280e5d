// Meta's GET challenge: reading it from the query, and comparing verify tokens.
// Accepts one spelling only: what a consumer's framework might read differently than we do is not a challenge.
import { createHash, timingSafeEqual } from 'node:crypto'

export interface Challenge {
  readonly token: string
  /** To be echoed verbatim: 1 to 512 harmless characters. */
  readonly challenge: string
}

const NAMES = ['hub.mode', 'hub.verify_token', 'hub.challenge'] as const
const HARMLESS = /^[A-Za-z0-9._~+/=-]{1,512}$/

/** @param query the raw query without "?". @returns the challenge, or what is wrong with it, in words for the log. */
export function readChallenge(query: string): Challenge | { readonly problem: string } {
  const found = new Map<string, string>()
  for (const parameter of query.split('&')) {
    const equals = parameter.indexOf('=')
    const rawName = equals === -1 ? parameter : parameter.slice(0, equals)
    const name = decodeForm(rawName)
    if (name === undefined) return { problem: 'a parameter name is not form-encoded text' }
    const meant = NAMES.find((known) => sameToSomeFramework(known, name))
    if (meant === undefined) continue
    if (rawName !== meant) return { problem: `${meant} is spelled in another way` }
    if (found.has(meant)) return { problem: `${meant} stands twice` }
    const value = decodeForm(equals === -1 ? '' : parameter.slice(equals + 1))
    if (value === undefined) return { problem: `${meant} is not form-encoded text` }
    found.set(meant, value)
  }
  const [mode, token, challenge] = NAMES.map((name) => found.get(name))
  if (mode === undefined || token === undefined || challenge === undefined)
    return { problem: `${NAMES.filter((name) => !found.has(name)).join(', ')} missing` }
  if (mode !== 'subscribe') return { problem: 'hub.mode is not subscribe' }
  if (token === '') return { problem: 'hub.verify_token is empty' }
  if (!HARMLESS.test(challenge))
    return { problem: 'hub.challenge is not 1 to 512 characters of [A-Za-z0-9._~+/=-]' }
  return { token, challenge }
}

/** Constant time over all configured tokens: every one is compared, whichever fits. An empty list fits nothing. */
export function tokenMatches(presented: string, tokens: readonly string[]): boolean {
  const digest = sha256(presented)
  return tokens.map((token) => timingSafeEqual(sha256(token), digest)).includes(true)
}

// Hashing makes lengths equal, which timingSafeEqual demands, and hides them.
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

// PHP reads hub_mode and hub[mode as hub.mode, and stops at NUL; others ignore case or take lists (hub.mode[], hub.mode[0]).
function sameToSomeFramework(known: string, name: string): boolean {
  const [text = ''] = name.trim().toLowerCase().split('\0')
  const plain = text.replace(/[.[ ]/g, '_').replace(/\]$/, '')
  const wanted = known.replace('.', '_')
  return plain === wanted || (text.includes('[') && plain.startsWith(`${wanted}_`))
}

function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
