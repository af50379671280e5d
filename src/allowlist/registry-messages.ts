// What a registry says in place of an answer: RADB, RIPE and whoever runs the same programs speak in lines that begin
// with %, two of them for errors, one for remarks.
import { RegistryError, printable } from './registry-error.ts'

/** @returns the denial, error or "nothing found" that stands in a text, or undefined. The text may be cut off anywhere. */
export function messageIn(text: string): RegistryError | undefined {
  for (const [, line = ''] of text.matchAll(/(?:^|\n)(%[^\n]*)/g)) {
    const said = line.slice(0, LONGEST)
    if (/denied/i.test(said))
      return new RegistryError(
        'denied',
        `the registry refuses us: "${printable(said)}"`,
        'wait some minutes; RADB allows a limited number of sessions a minute',
      )
    if (/no entries found/i.test(said))
      return new RegistryError(
        'empty',
        'the registry knows no route object for this query',
        'check origin and sources',
      )
    if (/^%[%\s]*error/i.test(said))
      return new RegistryError('refused', `the registry answered with an error: "${printable(said)}"`)
  }
  return undefined
}

/** Characters of a message that are looked at. */
const LONGEST = 500
