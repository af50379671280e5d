// The tour as a table for people: as wide as the terminal, coloured only where colours are wanted. Says, never judges.
import { visible } from '../observe/text.ts'
import type { CaseResult } from './tour.ts'

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly colours: boolean
}

const COLOURS = { green: 32, red: 31, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const
export type Colour = keyof typeof COLOURS

interface Column {
  readonly title: string
  readonly width: number
  readonly text: (result: CaseResult) => string
  readonly right?: true
}

const CODE_WIDTH = 29
const GATE_WIDTH = 16
const MS_WIDTH = 7
const SENT_AT_LEAST = 34
const SENT_AT_MOST = 68

/** As wide as the others leave it. */
const SENT: Column = { title: 'what was sent', width: 0, text: ({ title }) => title }

const CHAPTERS: Readonly<Record<string, string>> = {
  deliveries: 'What Meta sends: all of it has to be admitted',
  source: 'Who may connect',
  handshake: 'The TLS handshake',
  certificate: 'The client certificate',
  'common name': 'The name in it',
  request: 'The HTTP request',
  challenge: 'The challenge',
  body: 'Body and signature',
}

export class Table {
  readonly #options: TableOptions
  readonly #columns: readonly Column[]
  #chapter = ''

  constructor(options: TableOptions) {
    this.#options = options
    this.#columns = columnsFor(options.width)
  }

  /** Lines for one more result; a new chapter begins with its heading. */
  add(result: CaseResult): string {
    const lines = [this.#row(result), ...this.#complaints(result)]
    if (result.chapter !== this.#chapter && !result.id.startsWith('after ')) {
      this.#chapter = result.chapter
      lines.unshift(...this.#heading(result.chapter))
    }
    return `${lines.join('\n')}\n`
  }

  /** The last lines: how many came out as expected, and how long it took. */
  summary(results: readonly CaseResult[], milliseconds: number): string {
    const count = (verdict: CaseResult['verdict']) => results.filter((one) => one.verdict === verdict).length
    const [good, bad, skipped] = [count('as expected'), count('otherwise'), count('skipped')]
    const parts = [
      this.#paint(`${good} of ${good + bad} cases as expected`, bad === 0 ? 'green' : 'red'),
      ...(bad === 0 ? [] : [this.#paint(`${bad} otherwise`, 'red')]),
      ...(skipped === 0 ? [] : [this.#paint(`${skipped} not played here`, 'yellow')]),
    ]
    return `\n${this.#mark(bad === 0 ? 'as expected' : 'otherwise')} ${parts.join(', ')}, in ${(milliseconds / 1000).toFixed(1)} s\n`
  }

  #heading(chapter: string): string[] {
    const titles = this.#columns.map((column) => pad(column.title, column)).join('  ')
    return [
      '',
      this.#paint(CHAPTERS[chapter] ?? chapter, 'bold'),
      this.#paint(`  ${titles}`.trimEnd(), 'dim'),
    ]
  }

  #row(result: CaseResult): string {
    const cells = this.#columns.map((column) => pad(visible(column.text(result)), column))
    const line = cells.join('  ').trimEnd()
    return `${this.#mark(result.verdict)} ${result.verdict === 'otherwise' ? this.#paint(line, 'red') : line}`
  }

  #complaints({ verdict, expected, problems }: CaseResult): string[] {
    if (verdict !== 'otherwise') return []
    return [`expected ${expected}`, ...problems].map((text) => this.#paint(`    ${visible(text)}`, 'red'))
  }

  #mark(verdict: CaseResult['verdict']): string {
    if (verdict === 'as expected') return this.#paint('✓', 'green')
    return verdict === 'skipped' ? this.#paint('–', 'yellow') : this.#paint('✗', 'red')
  }

  #paint(text: string, colour: Colour): string {
    return paint(text, colour, this.#options.colours)
  }
}

export function paint(text: string, colour: Colour, wanted: boolean): string {
  return wanted ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text
}

// Narrow terminals lose columns, never the end of a line: what was expected is said again where it differs.
function columnsFor(width: number): readonly Column[] {
  const fixed: readonly [Column, Column, Column] = [
    { title: 'came back', width: CODE_WIDTH, text: ({ came }) => came },
    { title: 'gate', width: GATE_WIDTH, text: ({ gate }) => gate ?? '' },
    { title: 'ms', width: MS_WIDTH, text: ({ ms }) => ms.toFixed(1), right: true },
  ]
  const expected: Column = { title: 'expected', width: CODE_WIDTH, text: (result) => result.expected }
  const [came, gate, ms] = fixed
  const choices: readonly (readonly Column[])[] = [
    [{ title: 'case', width: 26, text: ({ id }) => id }, SENT, expected, ...fixed],
    [SENT, expected, ...fixed],
    [SENT, came, gate, ms],
    [SENT, came, ms],
  ]
  const room = (columns: readonly Column[]) =>
    width - 2 - columns.reduce((sum, column) => sum + (column === SENT ? 0 : column.width + 2), 0)
  const columns = choices.find((choice) => room(choice) >= SENT_AT_LEAST) ?? [SENT, came, ms]
  const sent = { ...SENT, width: Math.max(12, Math.min(SENT_AT_MOST, room(columns))) }
  return columns.map((column) => (column === SENT ? sent : column))
}

function pad(text: string, { width, right }: Pick<Column, 'width' | 'right'>): string {
  const fitting = text.length > width ? `${text.slice(0, width - 1)}…` : text
  return right === true ? fitting.padStart(width) : fitting.padEnd(width)
}
