// Writes results into docs/performance.md, between its two marks; what stands around them is written by people.
import { readFile, writeFile } from 'node:fs/promises'

export const DOCUMENT = new URL('../docs/performance.md', import.meta.url)

const BEGIN = '<!-- Results: written by `npm run bench -- --write`, never by hand. -->'
const END = '<!-- End of the results. -->'

/** @throws Error where the marks are missing. */
export async function writeDocument(markdown: string, document = DOCUMENT): Promise<void> {
  await writeFile(document, withResults(await readFile(document, 'utf8'), markdown))
}

export function withResults(text: string, markdown: string): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`the marks of the results are missing: ${BEGIN} … ${END}`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${markdown}\n${text.slice(end)}`
}
