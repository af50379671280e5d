// What the arguments of `hubgate send` mean: payloads by name or file, whole numbers, and hints where nothing fits.
import { existsSync, readFileSync } from 'node:fs'
import { nearest } from '../config/suggest.ts'
import { PAYLOADS, payloadNamed } from '../lab/payloads.ts'
import { visible } from '../observe/text.ts'
import { wrongUse } from './io.ts'

/** @param name of a payload, of a file, or "all". @throws CliError (wrong use) where it is neither. */
export function payloadsFor(name: string): readonly { name: string; bytes: () => Buffer }[] {
  if (name === 'all') return PAYLOADS
  const known = payloadNamed(name)
  if (known !== undefined) return [known]
  if (existsSync(name)) return [{ name, bytes: () => readFileSync(name) }]
  const meant = nearest(
    name,
    PAYLOADS.map((payload) => payload.name),
  )
  throw wrongUse(`no payload or file is called ${visible(name)}`, hintFor(meant))
}

export function hintFor(meant: string | undefined): string {
  return meant === undefined ? 'hubgate send --list shows them' : `did you mean ${meant}?`
}

/** @throws CliError (wrong use) where it is none, or beyond `most`. */
export function wholeNumber(option: string, text: string, most: number): number {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN
  const least = option === '--retries' ? 0 : 1
  if (!(number >= least && number <= most))
    throw wrongUse(`${option} takes a whole number from ${least} to ${most}`)
  return number
}
