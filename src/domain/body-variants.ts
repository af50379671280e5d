// The ways a body usually changes between the wire and whoever hashes it: line ends, marks, escapes, JSON written anew.
// Used to explain a signature that does not fit; which of them is right is not decided here.

export interface BodyVariant {
  readonly cause: string
  /** What the signer signed, seen from the bytes at hand. */
  readonly message: string
  readonly bytes: Uint8Array
}

type Change = (text: string) => string | undefined

const MARK = '\uFEFF'

// Latin-1 keeps every byte as one character, so these change bytes and nothing else.
const BYTE_CHANGES: readonly (readonly [cause: string, message: string, change: Change])[] = [
  ['newline', 'it fits without the line end at the end of this file', (text) => text.replace(/\r?\n$/, '')],
  ['newline', 'it fits with a newline added at the end', (text) => `${text}\n`],
  ['newline', 'it fits with CR and LF added at the end', (text) => `${text}\r\n`],
  ['white space', 'it fits without the white space around the body', (text) => text.trim()],
  ['byte order mark', 'it fits without the byte order mark', (text) => text.replace(/^\xef\xbb\xbf/, '')],
  ['byte order mark', 'it fits with a byte order mark before the body', (text) => `\xef\xbb\xbf${text}`],
  ['line ends', 'it fits with LF for every CR LF', (text) => text.replaceAll('\r\n', '\n')],
  ['line ends', 'it fits with CR LF for every LF', (text) => text.replace(/\r?\n/g, '\r\n')],
  ['empty', 'it fits an empty body: the bytes were not there yet when they were signed or hashed', () => ''],
  [
    're-encoded',
    'it fits these bytes read as Latin-1 and written as UTF-8',
    (text) => Buffer.from(text, 'utf8').toString('latin1'),
  ],
  [
    're-encoded',
    'it fits these bytes read as UTF-8 and written as Latin-1',
    (text) => Buffer.from(text, 'latin1').toString('utf8'),
  ],
]

const TEXT_CHANGES: readonly (readonly [cause: string, message: string, change: Change])[] = [
  [
    'unescaped',
    String.raw`it fits with \/ and \uXXXX resolved: this file has the escapes`,
    (text) => unescapeUnits(unescapeSlashes(text)),
  ],
  ['unescaped', String.raw`it fits with \/ resolved to /`, unescapeSlashes],
  ['unescaped', String.raw`it fits with \uXXXX resolved to characters`, unescapeUnits],
  [
    'escaped',
    String.raw`it fits with / and characters beyond ASCII escaped as Meta does (\/ and \uXXXX)`,
    (text) => escapeUnits(escapeSlashes(text)),
  ],
  ['escaped', String.raw`it fits with / escaped as \/`, escapeSlashes],
  ['escaped', String.raw`it fits with characters beyond ASCII escaped as \uXXXX`, escapeUnits],
  ['re-serialised', 'it fits this JSON parsed and written again (JSON.stringify)', (text) => rewritten(text)],
  [
    're-serialised',
    "it fits this JSON written again as Meta's own: escaped",
    (text) => mapped(rewritten(text), (again) => escapeUnits(escapeSlashes(again))),
  ],
  [
    're-serialised',
    String.raw`it fits this JSON written again with \uXXXX`,
    (text) => mapped(rewritten(text), escapeUnits),
  ],
  [
    're-serialised',
    'it fits this JSON written again with spaces (as Python does)',
    (text) => mapped(rewritten(text), (again) => escapeUnits(spaced(again))),
  ],
  [
    're-serialised',
    'it fits this JSON written again with spaces, characters beyond ASCII as they are',
    (text) => mapped(rewritten(text), spaced),
  ],
  ['re-serialised', 'it fits this JSON indented by 2', (text) => rewritten(text, 2)],
  ['re-serialised', 'it fits this JSON indented by 4', (text) => rewritten(text, 4)],
  ['re-encoded', 'it fits with what is no UTF-8 replaced by U+FFFD', (text) => text],
  [
    're-encoded',
    'it fits with what is no UTF-8 replaced, and without the byte order mark',
    (text) => text.replace(MARK, ''),
  ],
]

/** Every variant that differs from the body itself, each once, the likely ones first. */
export function* bodyVariants(body: Uint8Array): Generator<BodyVariant> {
  const seen = new Set([Buffer.from(body).toString('latin1')])
  const fresh = (bytes: Buffer) => {
    const key = bytes.toString('latin1')
    return seen.size < seen.add(key).size
  }
  const latin1 = Buffer.from(body).toString('latin1')
  for (const [cause, message, change] of BYTE_CHANGES) {
    const bytes = Buffer.from(change(latin1) ?? '', 'latin1')
    if (fresh(bytes)) yield { cause, message, bytes }
  }
  const text = Buffer.from(body).toString('utf8')
  for (const [cause, message, change] of TEXT_CHANGES) {
    const changed = change(text)
    if (changed === undefined) continue
    for (const [end, words] of LINE_ENDS) {
      const bytes = Buffer.from(end(changed), 'utf8')
      if (fresh(bytes)) yield { cause, message: message + words, bytes }
    }
  }
}

/** An editor may have touched the file, too. */
const LINE_ENDS: readonly (readonly [(text: string) => string, string])[] = [
  [(text) => text, ''],
  [(text) => text.replace(/\r?\n$/, ''), ', and without its last line end'],
]

function unescapeSlashes(text: string): string {
  return text.replaceAll(String.raw`\/`, '/')
}

function escapeSlashes(text: string): string {
  return text.replace(/\\\/|\//g, String.raw`\/`)
}

// Controls, quotes and backslashes stay escaped: JSON needs them so.
function unescapeUnits(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/gi, (whole, digits: string) => {
    const unit = Number.parseInt(digits, 16)
    return unit < 0x20 || unit === 0x22 || unit === 0x5c ? whole : String.fromCharCode(unit)
  })
}

function escapeUnits(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function rewritten(text: string, indent?: number): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text.replace(MARK, '')), undefined, indent)
  } catch {
    return undefined
  }
}

// Outside strings only.
function spaced(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (part) => (part.length === 1 ? `${part} ` : part))
}

function mapped(text: string | undefined, change: (text: string) => string): string | undefined {
  return text === undefined ? undefined : change(text)
}
