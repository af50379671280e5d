// How commands speak: results on standard output, errors and hints on standard error, an exit code. Decides nothing else.
import { CommanderError } from 'commander'
import { ConfigError, describeProblems } from '../config/problem.ts'
import { escapedJson } from '../observe/text.ts'

/** 0 done, 1 failed, 2 wrong use, 3 checked and found wanting. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, wanting: 3 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with a message for a person and the next step. */
export class CliError extends Error {
  readonly hint: string | undefined
  readonly exit: ExitCode

  constructor(
    message: string,
    { hint, exit = EXIT.failed }: { hint?: string | undefined; exit?: ExitCode } = {},
  ) {
    super(message)
    this.name = 'CliError'
    this.hint = hint
    this.exit = exit
  }
}

/** The command was called in a way it does not understand: exit 2. */
export function wrongUse(message: string, hint?: string): CliError {
  return new CliError(message, { hint, exit: EXIT.wrongUse })
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** What a terminal would obey is escaped; the line ends are our own. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2).split('\n').map(escapedJson).join('\n'))
}

export function printError(message: string, hint?: string): void {
  process.stderr.write(`hubgate: error: ${message}\n${hint === undefined ? '' : `hubgate: hint: ${hint}\n`}`)
}

/** Something worth knowing that is no failure: beside the result, never in it. */
export function printNote(text: string): void {
  process.stderr.write(`hubgate: note: ${text}\n`)
}

/** Tells the exit code at the end, so that what was printed is still written. A worse one stays. */
export function exitWith(code: ExitCode): void {
  process.exitCode = Math.max(Number(process.exitCode ?? 0), code)
}

/** Says what ended a command. @returns the exit code for it. */
export function report(error: unknown): ExitCode {
  // Commander has printed its own by then; help and version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse
  if (error instanceof CliError) {
    printError(error.message, error.hint)
    return error.exit
  }
  if (error instanceof ConfigError) {
    const problems = describeProblems(error.problems, error.file)
    const explained = error.problems.some(({ setting }) => setting !== '')
    printError(problems, explained ? 'every setting is explained in docs/configuration.md' : undefined)
    return EXIT.wanting
  }
  printError(error instanceof Error ? error.message : String(error))
  return EXIT.failed
}

/** A reader that had enough (`hubgate config show | head`) is no failure. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit()
    throw error
  })
}

/** Commander's errors in our form. @param text "error: …", and perhaps a suggestion in parentheses below it. */
export function rephrase(text: string): string {
  const [first = '', ...rest] = text.trim().split('\n')
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' ').trim())?.[1]
  const hint =
    suggestion === undefined
      ? 'hubgate --help lists commands, hubgate COMMAND --help options'
      : `did you mean ${suggestion}?`
  return `hubgate: ${first}\nhubgate: hint: ${hint}\n`
}
