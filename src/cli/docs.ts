// Writes the generated pages of docs from the code (`npm run docs`); with --check it only compares.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configurationReference } from '../config/reference.ts'
import { refusalsReference } from '../domain/refusals-reference.ts'
import { parityReference } from '../fronts/parity-reference.ts'
import { frontsReference } from '../fronts/reference.ts'

const DOCS = new URL('../../docs/', import.meta.url)
const PAGES = {
  'configuration.md': configurationReference,
  'fronts.md': frontsReference,
  'parity.md': parityReference,
  'refusals.md': refusalsReference,
} as const

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  if (args.some((arg) => arg !== '--check')) {
    process.stderr.write('hubgate: error: unknown argument\nhubgate: hint: npm run docs [-- --check]\n')
    return 2
  }
  const stale = Object.entries(PAGES).filter(([name, page]) => current(name) !== page())
  if (!args.includes('--check')) {
    mkdirSync(DOCS, { recursive: true })
    for (const [name, page] of stale) writeFileSync(new URL(name, DOCS), page())
  } else if (stale.length > 0) {
    const names = stale.map(([name]) => fileURLToPath(new URL(name, DOCS))).join(', ')
    process.stderr.write(`hubgate: error: not what the code says: ${names}\nhubgate: hint: npm run docs\n`)
    return 3
  }
  return 0
}

function current(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, DOCS), 'utf8')
  } catch {
    return undefined
  }
}
