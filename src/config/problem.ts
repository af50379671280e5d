// What is wrong with a configuration, for a person: which setting, what, and what to do. Collected, never thrown one by one.

export interface Problem {
  /** The path of the setting, such as client.anchors[1].file; empty for the file as a whole. */
  readonly setting: string
  readonly message: string
  /** The next step. */
  readonly hint?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** All problems of one configuration. `hubgate` prints them and exits 3; a reload keeps the last good state. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]
  readonly file: string | undefined

  constructor(problems: readonly Problem[], file?: string) {
    super(describeProblems(problems, file))
    this.name = 'ConfigError'
    this.problems = problems
    this.file = file
  }
}

/** One header line and one line a problem. */
export function describeProblems(problems: readonly Problem[], file = 'the configuration'): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const width = Math.max(0, ...problems.map(({ setting }) => setting.length))
  const placeWidth = Math.max(0, ...problems.map((problem) => place(problem).length))
  return [
    `${count} in ${file}:`,
    ...problems.map((problem) => describe(problem, { width, placeWidth })),
  ].join('\n')
}

function describe(problem: Problem, { width, placeWidth }: { width: number; placeWidth: number }): string {
  const { setting, message, hint } = problem
  const columns = [place(problem).padEnd(placeWidth), setting.padEnd(width), message]
  return `  ${columns.filter((column) => column !== '').join('  ')}${hint === undefined ? '' : ` — ${hint}`}`
}

function place({ line, column }: Problem): string {
  return line === undefined ? '' : `${line}:${column ?? 1}`
}
