// Writes results into docs/performance.md, between marks; what stands around them is written by people.
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { pictureOf } from './growth/picture.ts'
import { goalsMarkdown, growthMarkdown, profileMarkdown, resultsMarkdown } from './markdown.ts'
import type { Report } from './report.ts'
import { GOAL_NODE, type Versions, majorOf, withRun } from './versions.ts'

export const DOCUMENT = new URL('../docs/performance.md', import.meta.url)

export const MARKS = {
  goals: [
    '<!-- Goals: written by `npm run bench -- --write` under each Node, never by hand. -->',
    '<!-- End of the goals. -->',
  ],
  results: [
    '<!-- Results: written by `npm run bench -- --write`, never by hand. -->',
    '<!-- End of the results. -->',
  ],
  growth: [
    '<!-- Growth: written by `npm run bench -- growth --write`, never by hand. -->',
    '<!-- End of what grows. -->',
  ],
  profile: [
    '<!-- Profile: written by `npm run bench -- profile --write`, never by hand. -->',
    '<!-- End of the profile. -->',
  ],
} as const

/** A full run: its goals beside those of the other Nodes, and its tables where it is the Node that the goals are for. */
export async function writeResults(report: Report, document = DOCUMENT): Promise<void> {
  const file = new URL('performance.json', document)
  // A parse boundary: nothing else writes it.
  const known = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Versions) : {}
  const versions = withRun(known, report)
  await writeFile(file, `${JSON.stringify(versions, undefined, 2)}\n`)
  await write(document, 'goals', goalsMarkdown(versions))
  if (majorOf(report.machine) === GOAL_NODE) await write(document, 'results', resultsMarkdown(report))
}

/** What grows, and its picture. */
export async function writeGrowth(report: Report, document = DOCUMENT): Promise<void> {
  const picture = 'growth.svg'
  const curves = report.results.flatMap(({ curves: each = [] }) => each)
  await writeFile(new URL(picture, document), pictureOf(curves))
  await write(document, 'growth', growthMarkdown(report, picture))
}

/** Where the time goes. */
export async function writeProfile(report: Report, document = DOCUMENT): Promise<void> {
  await write(document, 'profile', profileMarkdown(report))
}

async function write(document: URL, part: keyof typeof MARKS, markdown: string): Promise<void> {
  await writeFile(document, withPart(await readFile(document, 'utf8'), part, markdown))
}

/** @throws Error where the marks are missing. */
export function withPart(text: string, part: keyof typeof MARKS, markdown: string): string {
  const [first, last] = MARKS[part]
  const begin = text.indexOf(first)
  const end = text.indexOf(last)
  if (begin === -1 || end < begin) throw new Error(`marks are missing: ${first} … ${last}`)
  return `${text.slice(0, begin + first.length)}\n\n${markdown}\n${text.slice(end)}`
}
