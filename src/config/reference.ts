// docs/configuration.md, made from the declaration: one table a section, every key with its default and its help.
import { z } from 'zod'
import { schema } from './schema.ts'
import { type Setting, descriptionOf, settingsOf, shapeOf, writtenDefault } from './settings-tree.ts'

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run docs\`. Do not edit. -->

One YAML file, \`hubgate.yaml\`: named by \`-c FILE\` or \`HUBGATE_CONFIG\`, else the one in the working directory.
\`hubgate init\` writes a first one, \`hubgate config check\` says everything that is wrong with it at once,
\`hubgate config show\` prints what is in effect, and \`hubgate config schema\` gives editors a JSON Schema.

- Unknown keys are errors. So is a part that this version does not have yet.
- Paths are relative to the file.
- Sizes: \`B\`, \`KiB\`, \`MiB\`, \`GiB\`. Durations: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`. One unit each, no fractions.
- Inside values, after the YAML was read, so that nothing filled in can change the structure:

| written | becomes |
| --- | --- |
| \`\${NAME}\` | the environment variable; unset is an error |
| \`\${NAME:-default}\` | the variable, or \`default\` where it is unset or empty |
| \`\${file:PATH}\` | what the file holds, without one newline at its end |
| \`$\${\` | \`\${\`, literally |

  Inside \`[ ]\` and \`{ }\` they need quotes: \`secrets: ["\${APP_SECRET}"]\`.
- Files that it names are watched, those of \`\${file:…}\` too: a change reads everything anew. What does not hold changes
  nothing and says why.
- Empty never means everybody: an empty list of anchors, common names, secrets or prefixes stops the start.
`

/** The whole page. */
export function configurationReference(): string {
  const parts = [...sectionsOf()].map(({ title, help, rows }) => section(title, help, rows))
  return `${[INTRODUCTION.trimEnd(), ...parts].join('\n\n')}\n`
}

interface Section {
  readonly title: string
  readonly help: string
  readonly rows: readonly Setting[]
}

function* sectionsOf(): Generator<Section> {
  const single: Setting[] = []
  for (const [name, below] of Object.entries(schema.shape)) {
    const settings = [...settingsOf(below, name)]
    if (shapeOf(below).kind === 'leaf') single.push(...settings)
    else yield { title: `\`${name}\``, help: descriptionOf(below), rows: settings.filter(isRow) }
  }
  yield { title: 'The rest', help: 'On the top level.', rows: single }
}

// A section needs no row: it is the heading, or the names of what it holds say it.
function isRow({ name, shape }: Setting): boolean {
  return shape.kind === 'leaf' || (shape.kind === 'list' && name.includes('.'))
}

function section(title: string, help: string, rows: readonly Setting[]): string {
  const lines = rows.map((setting) =>
    [
      '',
      `\`${setting.name}\``,
      looks(setting),
      defaultOf(setting.schema),
      cell(descriptionOf(setting.schema)),
      '',
    ]
      .join(' | ')
      .trim(),
  )
  return [
    `## ${title}`,
    '',
    help,
    '',
    '| key | value | default | |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function looks({ shape }: Setting): string {
  if (shape.kind === 'leaf') return cell(shape.leaf.looks)
  if (shape.kind !== 'list') return ''
  const element = shapeOf(shape.element)
  return element.kind === 'leaf' ? cell(`list: ${element.leaf.looks}`) : 'list'
}

function defaultOf(setting: z.core.$ZodType): string {
  const value = writtenDefault(setting)
  if (value === undefined) return setting instanceof z.ZodOptional ? '' : '*required*'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
