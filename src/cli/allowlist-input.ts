// Reads what somebody else fetched: a FILE argument or standard input, to a bound.
import { createReadStream } from 'node:fs'
import { CliError } from './io.ts'

/** @param file "-" is standard input. @returns one character a byte. @throws CliError where it cannot be read, or is larger. */
export async function readInput(file: string, most: number): Promise<string> {
  const shown = file === '-' ? 'standard input' : file
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > most) break
      chunks.push(bytes)
    }
  } catch (error) {
    throw new CliError(`${shown} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (size > most) throw new CliError(`${shown} holds more than ${most} bytes`)
  return Buffer.concat(chunks).toString('latin1')
}
