// What `hubgate send` comes to: an object for programs, and an exit code.
import type { ExitCode } from './io.ts'

export interface SendReport {
  readonly json: unknown
  readonly exit: ExitCode
}

/** Prints one line, or more; silent with --json. */
export type Say = (text: string) => void
