// Editing the anchors of hubgate.yaml: the lines that were meant, every other byte as it was, or nothing at all.
import { describe, expect, it } from 'vitest'
import { addAnchor, promoteAnchor, retireAnchor } from '../../src/config/edit.ts'
import { ConfigError } from '../../src/config/problem.ts'

const ENTRY = { name: 'meta-2025-12', file: 'anchors/meta-2025-12.pem' }
const LINE = '- { name: meta-2025-12, file: anchors/meta-2025-12.pem }'
const NOW = new Date('2026-11-21T12:00:00Z')

const LISTS: [name: string, before: string, after: string][] = [
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
    'after an item whose dash stands alone',
    'client:\n  anchors:\n    -\n      name: a-b\n      file: a.pem\nlog: {}\n',
    'client:\n  anchors:\n    -\n      name: a-b\n      file: a.pem\n    @\nlog: {}\n',
  ],
  [
    'after a flow item',
    'client:\n  anchors:\n  - { name: a, file: a.pem }\n',
    'client:\n  anchors:\n  - { name: a, file: a.pem }\n  @\n',
  ],
  [
    'after a flow item of several lines',
    'client:\n  anchors:\n  - { name: a, # one\n      file: a.pem\n    }  # end\n',
    'client:\n  anchors:\n  - { name: a, # one\n      file: a.pem\n    }  # end\n  @\n',
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
]

describe('adding an anchor', () => {
  it.each(LISTS)('%s', (_name, before, after) =>
    expect(addAnchor(before, ENTRY).text).toBe(after.replace('@', LINE)),
  )

  it.each(LISTS)('%s, in a text with the line ends of Windows', (_name, before, after) =>
    expect(addAnchor(before.replaceAll('\n', '\r\n'), ENTRY).text).toBe(
      after.replace('@', LINE).replaceAll('\n', '\r\n'),
    ),
  )

  it('tells the one line that is new', () => {
    const text = 'client:\n  anchors:\n    - builtin: digicert-ev\nlog: {}\n'
    expect(addAnchor(text, { ...ENTRY, state: 'staged' }).lines).toEqual([
      {
        line: 4,
        before: undefined,
        after: '    - { name: meta-2025-12, file: anchors/meta-2025-12.pem, state: staged }',
      },
    ])
  })

  it.each(['2025', 'true', 'Null', '1e5', '0x1F', '2025-12-15', '1.5'])(
    'called %s writes a name that stays text',
    (name) => {
      const { text } = addAnchor('client:\n  anchors:\n    - builtin: digicert-ev\n', {
        name,
        file: `a/${name}`,
      })
      expect(text).toContain(`{ name: "${name}", file: `)
    },
  )

  it.each([
    ['by its name', `client:\n  anchors:\n    ${LINE}\n`, ENTRY],
    [
      'as a builtin one',
      'client:\n  anchors:\n    - builtin: digicert-ev\n',
      { name: 'digicert-ev', file: 'x' },
    ],
  ])('changes nothing where it is there %s', (_name, text, entry) =>
    expect(addAnchor(text, entry)).toEqual({ text, lines: [] }),
  )

  it.each([
    ['a list in brackets', 'client: { anchors: [{ builtin: digicert-ev }] }\n'],
    ['an empty list', 'client: { anchors: [] }\n'],
    ['no list', 'client: { require: always }\n'],
    ['a list that is an alias', 'x: &a\n  - builtin: digicert-ev\nclient:\n  anchors: *a\n'],
    ['a list that others share', 'client:\n  anchors: &a\n    - builtin: digicert-ev\nx: *a\n'],
    ['no map', '- a\n'],
    ['no YAML', 'client: [\n'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
  ])('refuses %s, and says what to add by hand', (_name, text) =>
    expect(() => addAnchor(text, ENTRY)).toThrow(/problem/),
  )
})

// `@` is what is changed; where nothing stood, the text without it is the one before.
const STATES: [name: string, before: string, after: string][] = [
  ['a flow item without state', '- { name: a, file: b.pem }', '- { name: a, file: b.pem, state: retired }'],
  [
    'a flow item with a comma too many',
    '- { name: a, file: b, }  # x',
    '- { name: a, file: b, state: retired, }  # x',
  ],
  ['a flow item without spaces', '- {name: a, file: "b.pem"}', '- {name: a, file: "b.pem", state: retired}'],
  [
    'a flow item with a comment inside',
    '- { name: a,   # one\n        file: b    # two\n      }',
    '- { name: a,   # one\n        file: b, state: retired    # two\n      }',
  ],
  [
    'a flow item with a state',
    '- { name: a, state: staged, file: b }',
    '- { name: a, state: retired, file: b }',
  ],
  [
    'a state in quotes',
    "- { name: a, file: b, state: 'staged' }",
    "- { name: a, file: b, state: 'retired' }",
  ],
  [
    'a state in double quotes',
    '- { name: a, file: b, state: "active" }',
    '- { name: a, file: b, state: "retired" }',
  ],
  [
    'keys in quotes',
    '- { "name": a, "file": b, "state": active }',
    '- { "name": a, "file": b, "state": retired }',
  ],
  [
    'a block item',
    '- name: a   # who\n      file: b.pem # where',
    '- name: a   # who\n      file: b.pem # where\n      state: retired',
  ],
  [
    'a block item with a state and a comment',
    '- name: a\n      state: staged   # for now\n      file: b.pem',
    '- name: a\n      state: retired   # for now\n      file: b.pem',
  ],
  [
    'a block item whose dash stands far away',
    '-     name: a\n          file: b.pem',
    '-     name: a\n          file: b.pem\n          state: retired',
  ],
  [
    'a block item whose dash stands alone',
    '-\n      name: a\n      file: b.pem',
    '-\n      name: a\n      file: b.pem\n      state: retired',
  ],
  ['an alias of the state', '- { name: a, file: b, state: *s }', '- { name: a, file: b, state: retired }'],
]

describe.each([
  ['as the only item', 'v: &s staged\nclient:\n  anchors:\n    @\n'],
  [
    'between others',
    'v: &s staged\nclient:\n  anchors:\n    - builtin: digicert-ev # x\n    @\n    - { name: z, file: z }\nlog: {}\n',
  ],
  ['before comments', 'v: &s staged\nclient:\n  anchors:\n    @\n\n    # more\n  require: always\n'],
  ['at the end without a newline', 'v: &s staged\nclient:\n  anchors:\n    @'],
  ['under odd indents', 'v: &s staged\nclient:\n    require: always\n    anchors:\n    @\n'],
])('retiring an anchor %s', (_place, frame) => {
  it.each(STATES)('of the form of %s', (_name, before, after) =>
    expect(retireAnchor(frame.replace('@', before), 'a', NOW).text).toBe(frame.replace('@', after)),
  )

  it.each(STATES)('of the form of %s, with the line ends of Windows', (_name, before, after) =>
    expect(retireAnchor(frame.replace('@', before).replaceAll('\n', '\r\n'), 'a', NOW).text).toBe(
      frame.replace('@', after).replaceAll('\n', '\r\n'),
    ),
  )
})

describe('changing the state of an anchor', () => {
  const list = (...items: string[]) =>
    `client:\n  anchors:\n${items.map((item) => `    - ${item}\n`).join('')}`

  it('of the builtin one works by its name', () => {
    expect(retireAnchor(list('builtin: digicert-ev  # old'), 'digicert-ev', NOW)).toEqual({
      text: list('builtin: digicert-ev  # old\n      state: retired'),
      lines: [{ line: 4, before: undefined, after: '      state: retired' }],
    })
    expect(promoteAnchor(list('{ builtin: digicert-ev, state: staged }'), 'digicert-ev', NOW).text).toBe(
      list('{ builtin: digicert-ev, state: active }'),
    )
  })

  it('in a list in brackets is one word, too', () =>
    expect(retireAnchor('client: { anchors: [{ name: a, file: b }] } # x\n', 'a', NOW).text).toBe(
      'client: { anchors: [{ name: a, file: b, state: retired }] } # x\n',
    ))

  it('tells the line as it was and as it is', () =>
    expect(promoteAnchor(list('{ name: a, file: b, state: staged } # x'), 'a', NOW).lines).toEqual([
      {
        line: 3,
        before: '    - { name: a, file: b, state: staged } # x',
        after: '    - { name: a, file: b, state: active } # x',
      },
    ]))

  it.each([
    ['promoting one that is active', promoteAnchor, '{ name: a, file: b, state: active }'],
    ['promoting one that does not say', promoteAnchor, '{ name: a, file: b }'],
    [
      'promoting one whose time has begun',
      promoteAnchor,
      '{ name: a, file: b, from: 2026-01-01, until: 2027-01-01 }',
    ],
    ['retiring one that is retired', retireAnchor, '{ name: a, file: b, state: retired }'],
  ])('%s changes nothing', (_name, edit, item) =>
    expect(edit(list(item), 'a', NOW)).toEqual({ text: list(item), lines: [] }),
  )

  it.each([
    ['promoting one that is over', promoteAnchor, ['until: 2026-11-21', /retired by its date.*a later one/]],
    [
      'promoting one that is to come',
      promoteAnchor,
      ['from: 2026-11-22', /staged by its date.*an earlier one/],
    ],
    ['retiring one that is over', retireAnchor, ['until: 2026-11-21T12:00:00Z', /already.*nothing to do/]],
    [
      'retiring one with an end',
      retireAnchor,
      ['until: 2027-01-01', /has dates.*until: 2026-11-21T12:00:00Z/],
    ],
    ['retiring one with a beginning', retireAnchor, ['from: 2027-01-01', /has dates.*remove from and until/]],
  ] as const)('%s says what to do instead of doing half', (_name, edit, [dates, expected]) => {
    const problem = problemOf(() => edit(list(`{ name: a, file: b, ${dates} }`), 'a', NOW))
    expect(problem).toMatchObject({ setting: 'client.anchors[0]' })
    expect(`${problem?.message} — ${problem?.hint}`).toMatch(expected)
  })

  it.each([
    ['an item that is an alias', 'x: &a { name: a, file: b }\nclient:\n  anchors:\n    - *a\n'],
    ['an item that others share', 'client:\n  anchors:\n    - &a { name: a, file: b }\nx: *a\n'],
    [
      'a state that others share',
      'client:\n  anchors:\n    - { name: a, file: b, state: &s staged }\nx: *s\n',
    ],
    ['a list that is an alias', 'x: &l\n  - { name: a, file: b }\nclient: { anchors: *l }\n'],
    ['a state that says nothing', 'client:\n  anchors:\n    - name: a\n      file: b\n      state:\n'],
    ['a last value in a block', 'client:\n  anchors:\n    - name: a\n      file: |\n        b\n'],
    [
      'a last value in a block that keeps its end',
      'client:\n  anchors:\n    - name: a\n      file: >+\n        b\n\n',
    ],
    ['keys with question marks', 'client:\n  anchors:\n    - ? name\n      : a\n      ? file\n      : b\n'],
    [
      'a text in braces, whose line holds secrets',
      '{ client: { anchors: [{ name: a, file: b }] }, apps: {} }\n',
    ],
    ['a last value that is missing', 'client:\n  anchors:\n    - { name: a, file: b, from }\n'],
  ])('refuses %s, and says what to write by hand', (_name, text) => {
    const problem = problemOf(() => retireAnchor(text, 'a', NOW))
    expect(problem?.message).toMatch(/nothing was changed/)
    expect(problem?.hint).toContain('state: retired')
  })

  it('of an unknown anchor tells which there are', () =>
    expect(
      problemOf(() => retireAnchor(list('builtin: digicert-ev', '{ name: a, file: b }'), 'b', NOW)),
    ).toEqual({
      setting: 'client.anchors',
      message: 'holds no anchor called b',
      hint: 'there are: digicert-ev, a',
    }))

  it('in no YAML is refused', () => expect(() => retireAnchor('client: [\n', 'a', NOW)).toThrow(/problem/))
})

function problemOf(edit: () => unknown) {
  try {
    edit()
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0]
    throw error
  }
}
