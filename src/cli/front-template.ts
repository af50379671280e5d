// Fills the configurations that stand in nginx/, haproxy/ and envoy/: the same files that people read, with their own values.
// A template holds the defaults; filled with those it stays as it is. What is filled in cannot end a word or a line there.
import { readFileSync } from 'node:fs'

export interface Filling {
  /** Texts of the template and what stands there instead. Each has to be there. */
  readonly texts: readonly (readonly [from: string, to: string])[]
  /** Lines between "# [name]" and "# [end]", without their indentation. */
  readonly blocks?: Readonly<Record<string, readonly string[]>>
}

/** @param name a file beside src, such as nginx/hubgate.conf. */
export function template(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
}

/** @throws where the template is not one for this filling. */
export function filled(text: string, { texts, blocks = {} }: Filling): string {
  const missing = texts.filter(([from]) => !text.includes(from))
  if (missing.length > 0) throw new Error(`the template has no ${missing.map(([from]) => from).join(', ')}`)
  const values = new Map(texts)
  // In one go, so that nothing is looked for in what was filled in.
  const pattern = new RegExp(texts.map(([from]) => from.replaceAll(/[^\w\s]/g, '\\$&')).join('|'), 'g')
  const parts = Object.entries(blocks).reduce(withBlock, [text])
  return parts
    .map((part, i) => (i % 2 === 0 ? part.replace(pattern, (from) => values.get(from) ?? from) : part))
    .join('')
}

// Parts of the template and filled blocks take turns, beginning with the template.
function withBlock(
  parts: readonly string[],
  [name, lines]: readonly [string, readonly string[]],
): readonly string[] {
  const fence = new RegExp(`^([ ]*)# \\[${name.replaceAll('.', '\\.')}\\]\\n`, 'm')
  const at = parts.findIndex((part, i) => i % 2 === 0 && fence.test(part))
  const part = parts[at] ?? ''
  const found = fence.exec(part)
  const start = (found?.index ?? 0) + (found?.[0].length ?? 0)
  const end = part.indexOf(`${found?.[1] ?? ''}# [end]\n`, start)
  if (found === null || end === -1) throw new Error(`the template has no block ${name}`)
  const indented = lines.map((line) => (line === '' ? '\n' : `${found[1] ?? ''}${line}\n`)).join('')
  return [...parts.slice(0, at), part.slice(0, start), indented, part.slice(end), ...parts.slice(at + 1)]
}

/** Milliseconds as nginx, HAProxy and Envoy read them. */
export function time(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}
