// What the documents promise exists: every path, npm script and command that README and docs name. Not whether it is true.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENTS = ['README.md', ...listed('docs'), ...listed('certs'), ...listed('scripts')].filter(
  (file) => file.endsWith('.md') && existsSync(join(ROOT, file)),
)

/** A path is a repository file by its first part; anything else (data/, /etc/…) is somebody's own. */
const REPOSITORY = /^(?:src|test|bench|docs|scripts|certs|nginx|\.ci)\/[\w./-]+$/
const TOP_LEVEL =
  /^(?:README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|Dockerfile|package\.json|tsconfig\.json|vitest\.config\.ts)$/

describe.each(DOCUMENTS.map((file) => [file, read(file)] as const))('%s', (file, text) => {
  it('names only files that exist', () => {
    const named = [...quotedIn(text), ...linkedIn(text, file)]
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('names only npm scripts that exist', () => {
    const scripts = new Set([...Object.keys(scriptsOf()), 'ci', 'install'])
    const named = [...text.matchAll(/\bnpm (?:run |(?=start\b|test\b))([\w:-]+)/g)].map(
      ([, name = '']) => name,
    )
    expect(named.filter((name) => !scripts.has(name))).toEqual([])
  })

  it('names only commands that exist', () => {
    const commands = commandsOfCli()
    const named = commandsIn(text)
    expect(named.filter((name) => !commands.has(name))).toEqual([])
  })
})

it('there is a directory of documents to look at', () => {
  expect(existsSync(join(ROOT, 'docs'))).toBe(true)
})

function quotedIn(text: string): string[] {
  return [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, quoted = '']) => quoted.replace(/[:#]\d+$/, ''))
    .filter((quoted) => REPOSITORY.test(quoted) || TOP_LEVEL.test(quoted))
}

function linkedIn(text: string, file: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => join(file, '..', target))
}

/** The word behind `hubgate` in inline code and in blocks. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```[^\n]*\n([^]*?)^```/gm)].map(([, block = '']) => block)
  const inBlocks = [...blocks.join('\n').matchAll(/^\s*(?:\$ )?(?:npx )?hubgate ([a-z][\w-]*)/gm)]
  const inline = [...text.matchAll(/`(?:npx )?hubgate ([a-z][\w-]*)[^`\n]*`/g)]
  return [...inBlocks, ...inline].map(([, name = '']) => name)
}

/** Read from the sources, so that no test needs a build: each command is registered by a literal name, or in a table of names. */
function commandsOfCli(): ReadonlySet<string> {
  const sources = listed('src/cli')
    .filter((file) => file.endsWith('.ts'))
    .map(read)
  const literal = sources.flatMap((text) =>
    [...text.matchAll(/\.command\('([a-z][\w-]*)/g)].map(([, name = '']) => name),
  )
  const tables = sources.flatMap((text) =>
    [...text.matchAll(/^ {2}([a-z]+): ['"][^\n]+['"],$/gm)].map(([, name = '']) => name),
  )
  return new Set([...literal, ...tables, 'help'])
}

function scriptsOf(): object {
  const manifest: unknown = JSON.parse(read('package.json'))
  const scripts: unknown = manifest instanceof Object && 'scripts' in manifest ? manifest.scripts : {}
  return scripts instanceof Object ? scripts : {}
}

function listed(directory: string): string[] {
  const absolute = join(ROOT, directory)
  if (!existsSync(absolute)) return []
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .map((path) => join(directory, path))
    .sort()
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}
