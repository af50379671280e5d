// Fills ${NAME}, ${NAME:-default} and ${file:PATH} into one string. Runs after YAML was parsed, so that a value can never
// add structure. Nothing that was filled in, and no default, ever stands in a message.
import { isAbsolute, resolve } from 'node:path'
import { Unreadable, readText } from './read-text.ts'

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative paths are relative to. */
  readonly baseDir: string
}

export interface Interpolated {
  readonly value: string
  /** Files that were read, absolute. */
  readonly files: readonly string[]
}

/** A reference that cannot be filled in. */
export class Unresolved extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.name = 'Unresolved'
    this.hint = hint
  }
}

const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/
const FILE = /^file:([^]+)$/
const LARGEST_FILE = 64 * 1024
const FORMS = 'write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for a literal ${'

/** @throws Unresolved where a variable is unset without a default, a file cannot be read, or a reference is malformed. */
export function interpolate(text: string, surroundings: Surroundings): Interpolated {
  const files: string[] = []
  const value = text.replaceAll(REFERENCE, (whole: string, inner: string | undefined) => {
    if (whole === '$${') return '${'
    if (inner === undefined) throw new Unresolved('holds a ${ that is never closed', FORMS)
    const path = FILE.exec(inner)?.[1]
    if (path === undefined) return variable(inner, surroundings.env)
    const absolute = isAbsolute(path) ? path : resolve(surroundings.baseDir, path)
    files.push(absolute)
    return contents(absolute)
  })
  return { value, files }
}

/** Whether a string holds a reference, or an escape that would be replaced. */
export function hasReference(text: string): boolean {
  return text.includes('${')
}

function variable(inner: string, env: Surroundings['env']): string {
  const match = NAME.exec(inner)
  const name = match?.[1]
  if (name === undefined) throw new Unresolved('holds a ${…} that names no environment variable', FORMS)
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  const fallback = match?.[2]
  // As in a shell, :- stands in for an empty value too.
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
  if (value === undefined)
    throw new Unresolved(`the environment variable ${name} is not set`, 'set it where hubgate is started')
  return value
}

function contents(path: string): string {
  try {
    return readText(path, LARGEST_FILE).replace(/\r?\n$/, '')
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    throw new Unresolved(`the file it names cannot be read: ${error.message}`, `looked for ${path}`)
  }
}
