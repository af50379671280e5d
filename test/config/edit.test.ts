// Adding an anchor to hubgate.yaml: one line more, every other byte as it was.
import { describe, expect, it } from 'vitest'
import { addAnchor } from '../../src/config/edit.ts'

const ENTRY = { name: 'meta-2025-12', file: 'anchors/meta-2025-12.pem' }
const LINE = '- { name: meta-2025-12, file: anchors/meta-2025-12.pem }'

describe('adding an anchor', () => {
  it.each([
    [
      'after an item with a comment',
      'client:   # who\n  anchors:\n    - builtin: digicert-ev   # old\n  require: always\n',
      'client:   # who\n  anchors:\n    - builtin: digicert-ev   # old\n    @\n  require: always\n',
    ],
    [
      'after an item of several lines',
      'client:\n  anchors:\n    - name: a\n      file: a.pem\nlog: { level: info }\n',
      'client:\n  anchors:\n    - name: a\n      file: a.pem\n    @\nlog: { level: info }\n',
    ],
    [
      'after a flow item',
      'client:\n  anchors:\n  - { name: a, file: a.pem }\n',
      'client:\n  anchors:\n  - { name: a, file: a.pem }\n  @\n',
    ],
    [
      'at the end of a text without a newline',
      'client:\n  anchors:\n    - builtin: digicert-ev',
      'client:\n  anchors:\n    - builtin: digicert-ev\n    @',
    ],
    [
      'in a text with comments after the list',
      'client:\n  anchors:\n    - builtin: digicert-ev\n    # the next one\n\n# end\n',
      'client:\n  anchors:\n    - builtin: digicert-ev\n    @\n    # the next one\n\n# end\n',
    ],
  ])('%s', (_name, before, after) => expect(addAnchor(before, ENTRY)).toBe(after.replace('@', LINE)))

  it('changes nothing where an anchor of the name is there', () => {
    const text = `client:\n  anchors:\n    ${LINE}\n`
    expect(addAnchor(text, ENTRY)).toBe(text)
  })

  it.each([
    ['a list in brackets', 'client: { anchors: [{ builtin: digicert-ev }] }\n'],
    ['no list', 'client: { require: always }\n'],
    ['no map', '- a\n'],
    ['no YAML', 'client: [\n'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
  ])('refuses %s, and says what to add by hand', (_name, text) =>
    expect(() => addAnchor(text, ENTRY)).toThrow(/problem/),
  )
})
