// Edits hubgate.yaml for a person: adds what a command was asked to add and leaves everything else as it was written.
import { type Document, isMap, isSeq, parseDocument } from 'yaml'
import { ConfigError } from './problem.ts'

/** @returns the text with the anchor at the end of client.anchors; the same text where it is there already. @throws ConfigError */
export function addAnchor(text: string, entry: { readonly name: string; readonly file: string }): string {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined || (document.contents !== null && !isMap(document.contents)))
    throw new ConfigError([
      { setting: '', message: 'is no YAML that can be edited', hint: 'see `hubgate config check`' },
    ])
  if (names(document).includes(entry.name)) return text
  const node = document.createNode(entry, { flow: true })
  if (isSeq(document.getIn(['client', 'anchors']))) document.addIn(['client', 'anchors'], node)
  else document.setIn(['client', 'anchors'], document.createNode([node]))
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

function names(document: Document): unknown[] {
  const anchors: unknown = document.getIn(['client', 'anchors'])
  if (!isSeq(anchors)) return []
  return anchors.items.map((_item, i) => document.getIn(['client', 'anchors', i, 'name']))
}
