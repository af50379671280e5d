// Common names out of a subject written as text by RFC 2253, for fronts that pass on nothing else. What can be read in two
// ways is refused: quoted values, unescaped specials, and the older form with slashes, in which an O can spell "/CN=…".
import { FrontFieldError } from './front.ts'

const LONGEST = 4_096
const TYPE = /^(?:[A-Za-z][A-Za-z0-9-]*|(?:OID\.)?(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+)$/i
const COMMON_NAME = new Set(['cn', 'commonname', '2.5.4.3', 'oid.2.5.4.3'])

/** @returns every common name, in the order of the text. @throws FrontFieldError */
export function commonNamesIn(text: string, where: string): readonly string[] {
  if (text.length > LONGEST) throw new FrontFieldError(`${where} is longer than ${LONGEST} characters`)
  if (text.startsWith('/'))
    throw new FrontFieldError(
      `${where} is written with slashes, which is ambiguous: let the front pass the certificate`,
    )
  return text === ''
    ? []
    : attributesOf(text, where)
        .filter(isCommonName)
        .map(([, value]) => value)
}

type Attribute = readonly [type: string, value: string]

function isCommonName([type]: Attribute): boolean {
  return COMMON_NAME.has(type.toLowerCase())
}

/** Whether one attribute ends at "," (the next RDN) or "+" (another value of this one) makes no difference here. */
function attributesOf(text: string, where: string): Attribute[] {
  const attributes: Attribute[] = []
  for (let at = 0; ; at += 1) {
    const equals = text.indexOf('=', at)
    const type = text.slice(at, Math.max(at, equals))
    if (!TYPE.test(type)) throw new FrontFieldError(`${where} has no attribute type where one belongs`)
    const { value, end } = valueAt(text, equals + 1, where)
    attributes.push([type, value])
    if (end === text.length) return attributes
    at = end
  }
}

const ESCAPED = /^[,=+<>#;"\\ ]$/
const HEX = /^[0-9A-Fa-f]{2}$/

function valueAt(text: string, start: number, where: string): { value: string; end: number } {
  if (text[start] === '#' || text[start] === ' ')
    throw new FrontFieldError(`${where} has a value that begins with # or a space`)
  const bytes: Buffer[] = []
  let at = start
  for (; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === ',' || character === '+') break
    if (character !== '\\') {
      if (/[<>;"]/.test(character) || character < ' ')
        throw new FrontFieldError(`${where} has an unescaped special character`)
      // Node reads a field's bytes as Latin-1; what the front wrote is UTF-8.
      bytes.push(Buffer.from(character, 'latin1'))
      continue
    }
    const pair = text.slice(at + 1, at + 3)
    const escaped = HEX.test(pair) ? Buffer.from(pair, 'hex') : escapedCharacter(text[at + 1] ?? '', where)
    bytes.push(escaped)
    at += HEX.test(pair) ? 2 : 1
  }
  if (text[at - 1] === ' ' && text[at - 2] !== '\\')
    throw new FrontFieldError(`${where} has a value that ends with a space`)
  return { value: utf8(Buffer.concat(bytes), where), end: at }
}

function escapedCharacter(character: string, where: string): Buffer {
  if (!ESCAPED.test(character)) throw new FrontFieldError(`${where} has an unknown escape`)
  return Buffer.from(character, 'latin1')
}

function utf8(bytes: Buffer, where: string): string {
  const text = bytes.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new FrontFieldError(`${where} is not UTF-8`)
  return text
}
