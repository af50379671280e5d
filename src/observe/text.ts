// Text that came from the wire, made harmless for lines, terminals and their readers: short, and nothing invisible.
// It decides no meaning: what is shown is still what came, with escapes in place of what cannot be seen.

/** Longest value of the wire that a record keeps, in UTF-16 units. */
export const LONGEST_VALUE = 200

// Controls (C0, DEL, C1), format characters (bidi, zero width), surrogates without their pair, and line separators.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu
const PLAIN = /^[\x20-\x7e]*$/
// The same without the quotation mark and the backslash.
const PLAIN_IN_JSON = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** Cuts what is too long, never inside a character. */
export function cut(text: string, longest = LONGEST_VALUE): string {
  if (text.length <= longest) return text
  const last = text.charCodeAt(longest - 1)
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? longest - 1 : longest)}…`
}

/** @returns the text with everything unseen as \u{…}; for people. A backslash stays one: this is for reading, not parsing. */
export function visible(text: string): string {
  return PLAIN.test(text)
    ? text
    : text.replace(UNSEEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}

/** @param line one JSON text. @returns the same JSON text; what JSON leaves unescaped and a terminal would obey is escaped too. */
export function escapedJson(line: string): string {
  return PLAIN.test(line) ? line : line.replace(UNSEEN, jsonEscape)
}

/** @returns the text as JSON, by escapedJson's rules. */
export function jsonText(text: string): string {
  return PLAIN_IN_JSON.test(text) ? `"${text}"` : escapedJson(JSON.stringify(text))
}

function jsonEscape(char: string): string {
  let escaped = ''
  for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`
  return escaped
}
