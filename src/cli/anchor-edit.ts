// How the anchor commands change hubgate.yaml: the lines are shown, what came of them has to load, and only then, with
// --write, the file is replaced whole. The gateway takes it over when it is told to.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AnchorConfig } from '../config/config.ts'
import type { Edited } from '../config/edit.ts'
import { fileText, trustIn } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import { replaceFile } from '../config/replace-file.ts'
import { visible } from '../observe/text.ts'
import { print } from './io.ts'
import { type ConfigOption, configFile } from './options.ts'

export interface EditOptions extends ConfigOption {
  readonly write?: boolean
}

export interface Prepared extends Edited {
  readonly file: string
  /** Whom the configuration believes afterwards. */
  readonly anchors: readonly AnchorConfig[]
}

const BOM = Buffer.from('\u{feff}')

/** @throws ConfigError where the text cannot be edited, or would not load afterwards: nothing is written. */
export async function prepareEdit(options: ConfigOption, edit: (text: string) => Edited): Promise<Prepared> {
  const file = resolve(configFile(options))
  try {
    const edited = edit(fileText(file))
    const { anchors } = trustIn(edited.text, { file, env: process.env }).client
    const hasMark = (await readFile(file)).subarray(0, BOM.length).equals(BOM)
    return { ...edited, text: (hasMark ? '\u{feff}' : '') + edited.text, file, anchors }
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.problems, file) : error
  }
}

/** Says which lines change, and with --write changes them. */
export async function finishEdit({ file, text, lines }: Prepared, { write }: EditOptions): Promise<void> {
  print(`\n${file}\n${lines.map(shown).join('\n')}\n`)
  if (write !== true) return print('Nothing was changed: write it so, or run the command again with --write.')
  await replaceFile(file, text)
  print('Written. The gateway takes it over with: hubgate config check && hubgate reload')
}

function shown({ line, before, after }: Edited['lines'][number]): string {
  const number = String(line).padStart(5)
  const fresh = `${number} + ${visible(after)}`
  return before === undefined ? fresh : `${number} - ${visible(before)}\n${fresh}`
}
