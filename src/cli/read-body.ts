// Reads a FILE argument as bytes; "-" is standard input. Nothing is decoded.
import { readFileSync } from 'node:fs'
import { CliError } from './io.ts'

const STANDARD_INPUT = 0

/** @throws CliError where it cannot be read. */
export function readBody(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? STANDARD_INPUT : file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(`cannot read ${file === '-' ? 'standard input' : file}: ${reason}`, {
      hint: 'FILE is the body as raw bytes, - for standard input',
    })
  }
}
