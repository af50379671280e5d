// Reads the Dockerfile and .dockerignore as far as this project uses them, and fails on what it does not know.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Instruction {
  readonly keyword: string
  readonly text: string
  readonly line: number
}

export interface Stage {
  readonly from: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

export interface Dockerfile {
  readonly args: ReadonlyMap<string, string>
  readonly stages: readonly Stage[]
}

export function readDockerfile(): Dockerfile {
  const args = new Map<string, string>()
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const instruction of instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))) {
    const { keyword, text, line } = instruction
    const stage = stages.at(-1)
    if (keyword === 'FROM') {
      const [image = '', as, name] = text.split(/\s+/)
      if (as !== undefined && as !== 'AS') throw new Error(`Dockerfile:${line}: FROM is not understood`)
      stages.push({ from: withArgs(image, args), name, instructions: [] })
    } else if (stage === undefined) {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? []
      if (keyword !== 'ARG') throw new Error(`Dockerfile:${line}: ${keyword} before FROM`)
      args.set(name, value)
    } else stage.instructions.push(instruction)
  }
  return { args, stages }
}

function instructionsOf(text: string): Instruction[] {
  const found: Instruction[] = []
  let whole = ''
  let first = 0
  for (const [index, line] of text.split('\n').entries()) {
    if (whole === '' && (/^\s*#/.test(line) || line.trim() === '')) continue
    if (whole === '') first = index + 1
    whole += line.replace(/\\$/, '')
    if (line.endsWith('\\')) continue
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(whole) ?? []
    found.push({ keyword, text: rest.trim(), line: first })
    whole = ''
  }
  return found
}

function withArgs(text: string, args: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_all, name: string) => args.get(name) ?? '')
}

/** `A=b C="d e"`, as ENV and LABEL take it. */
export function assignments(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)].map(([, name = '', quoted, bare]) => [
      name,
      quoted ?? bare ?? '',
    ]),
  )
}

/** `["a", "b"]`: the form without a shell. @throws where it is another. */
export function execForm(text: string): readonly string[] {
  const parsed: unknown = JSON.parse(text)
  if (!Array.isArray(parsed)) throw new Error(`${text} is no list`)
  return parsed.map(String)
}

/** What of the repository's top level an engine would be sent: the last pattern that fits decides. */
export function contextEntries(): readonly string[] {
  const patterns = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const kept = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  if (patterns[0] !== '*' || kept.length !== patterns.length - 1)
    throw new Error('.dockerignore is understood as "*" and then "!name" only')
  const there = new Set([...readdirSync(ROOT), 'scripts/run.mjs'])
  return kept.filter((name) => there.has(name))
}
