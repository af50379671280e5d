// Edits hubgate.yaml for a person: adds the line that a command was asked to add, and leaves every other byte as it was.
import { type YAMLSeq, isMap, isNode, isSeq, parseDocument } from 'yaml'
import { ConfigError } from './problem.ts'
import { readYaml } from './yaml-file.ts'

export interface AnchorEntry {
  readonly name: string
  /** Relative to the configuration. */
  readonly file: string
}

/**
 * @returns the text with the anchor at the end of client.anchors; the same text where it is there already.
 * @throws ConfigError where the text is no YAML, or has no block list there to add to.
 */
export function addAnchor(text: string, { name, file }: AnchorEntry): string {
  const { problems } = readYaml(text)
  if (problems.length > 0) throw new ConfigError(problems)
  const anchors = parseDocument(text).getIn(['client', 'anchors'])
  if (!isSeq(anchors) || anchors.flow === true || anchors.items.length === 0) throw noList(name, file)
  if (anchors.items.some((item) => isMap(item) && item.get('name') === name)) return text
  const { start, end } = lastItem(anchors)
  // The new item stands as deep as the one before it, after whatever ends that line.
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = /^[ ]*/.exec(text.slice(lineStart))?.[0] ?? ''
  const lineEnd = text.indexOf('\n', end - 1)
  const at = lineEnd === -1 ? text.length : lineEnd
  return `${text.slice(0, at)}\n${indent}- { name: ${name}, file: ${file} }${text.slice(at)}`
}

function lastItem(anchors: YAMLSeq): { start: number; end: number } {
  const item = anchors.items.at(-1)
  const [start, end] = (isNode(item) ? item.range : undefined) ?? [0, 0]
  return { start, end: Math.max(start + 1, end) }
}

function noList(name: string, file: string): ConfigError {
  return new ConfigError([
    {
      setting: 'client.anchors',
      message: 'is no list with one item a line, so nothing was added',
      hint: `write it as one, and add: - { name: ${name}, file: ${file} }`,
    },
  ])
}
