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
  return [`${count} in ${file}:`, ...problems.map((problem) => `  ${describe(problem, width)}`)].join('\n')
}

function describe({ setting, message, hint, line, column }: Problem, width: number): string {
  const where = line === undefined ? '' : `${line}:${column ?? 1}  `
  return `${where}${setting.padEnd(width)}  ${message}${hint === undefined ? '' : ` — ${hint}`}`
}
