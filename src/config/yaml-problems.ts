// What the YAML parser found wrong, in words for people. Its own messages are not used: some quote the text.
import type { ErrorCode, LineCounter } from 'yaml'
import type { Problem } from './problem.ts'

interface Fault {
  readonly code: ErrorCode
  readonly message: string
  readonly pos: readonly [number, number]
}

const WORDS: Partial<Record<ErrorCode, readonly [message: string, hint?: string]>> = {
  TAB_AS_INDENT: ['a tab indents this line', 'YAML is indented with spaces'],
  BAD_INDENT: ['the indentation does not fit the lines above', 'settings of one section begin in one column'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second "key: value" stands on one line',
    'put the value in quotes, or begin a new line',
  ],
  BLOCK_IN_FLOW: ['an indented block stands inside [ ] or { }'],
  MISSING_CHAR: [
    'a closing quote, bracket, comma or colon is missing',
    'look at this line and the one before',
  ],
  UNEXPECTED_TOKEN: [
    'something stands here that does not belong',
    'put values with special characters in quotes',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key goes over several lines', 'a colon or a quote is missing'],
  BAD_SCALAR_START: ['a value cannot begin with this character', 'put it in quotes'],
  BAD_DQ_ESCAPE: ['an unknown \\ escape in double quotes', 'use single quotes, or write \\\\'],
  TAG_RESOLVE_FAILED: ['a tag (!…) that has no meaning here', 'put a value that begins with ! in quotes'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters'],
}

/** @returns the problem with its place; a likelier cause where the line holds an unquoted ${…}. */
export function yamlProblem(fault: Fault, source: { text: string; lines: LineCounter }): Problem {
  const { line, col } = source.lines.linePos(fault.pos[0])
  const [message, hint] = wordsFor(fault)
  const written = source.text.split('\n', line)[line - 1] ?? ''
  const unquoted = /[[{](?:.*[\s,:[{])?\$\{/.test(written)
  return {
    setting: '',
    message,
    hint: unquoted ? 'put ${…} in quotes inside [ ] and { }' : hint,
    line,
    column: col,
  }
}

function wordsFor({ code, message }: Fault): readonly [message: string, hint?: string] {
  // One code for two mistakes; the parser's sentence about the second holds nothing of the text.
  if (code === 'BAD_INDENT' && message.startsWith('Flow'))
    return ['a [ or { is not closed, or not indented enough', 'look at the lines before this one']
  return WORDS[code] ?? [`is not valid YAML (${code})`]
}
