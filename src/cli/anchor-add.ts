// `hubgate anchor add FILE`: stores a CA certificate beside the configuration and prints the lines that make it an anchor,
// or with --write puts them there. Nothing is trusted before the gateway reloads.
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { addAnchor } from '../config/edit.ts'
import { loadConfig } from '../config/load.ts'
import type { Anchor } from '../tls/anchors.ts'
import { readAnchorFile } from './anchor-inspect.ts'
import { anchorText } from './anchor-text.ts'
import { CliError, EXIT, print, wrongUse } from './io.ts'
import { type ConfigOption, configFile, withConfig } from './options.ts'
import { replaceFile } from '../config/replace-file.ts'

interface AddOptions extends ConfigOption {
  readonly write?: boolean
  readonly name?: string
}

export function registerAnchorAdd(anchor: Command): void {
  const add = anchor
    .command('add <file>')
    .description('store a CA certificate (PEM or DER) and say how to trust it')
  withConfig(add)
    .option('--name <name>', 'its name in the configuration')
    .option('--write', 'also edit the configuration')
    .action(run)
}

async function run(file: string, options: AddOptions): Promise<void> {
  const anchor = await theOne(file)
  const name = options.name ?? anchor.name
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    throw wrongUse('--name holds more than letters, digits, dots, dashes and underscores')
  print(`${anchorText({ ...anchor, name })}\n`)
  const configuration = resolve(configFile(options))
  const relative = `anchors/${name}.pem`
  const stored = join(dirname(configuration), relative)
  await mkdir(dirname(stored), { recursive: true })
  await replaceFile(stored, anchor.pem)
  print(`stored as ${stored}`)
  if (options.write === true) return write(configuration, { name, file: relative })
  print(
    `\nAdd this to client.anchors in ${configuration}, or run the command again with --write:\n\n    - { name: ${name}, file: ${relative} }\n\nThen: hubgate config check && hubgate reload`,
  )
}

async function theOne(file: string): Promise<Anchor> {
  const anchors = await readAnchorFile(file)
  const [anchor] = anchors
  if (anchor === undefined || anchors.length > 1)
    throw new CliError(`${file} holds ${anchors.length} certificates`, {
      hint: 'add one anchor a file',
      exit: EXIT.wanting,
    })
  return anchor
}

async function write(configuration: string, entry: { name: string; file: string }): Promise<void> {
  const before = await readText(configuration)
  const after = addAnchor(before, entry)
  if (after === before) return print(`${configuration} names it already`)
  await replaceFile(configuration, after)
  print(`${configuration} names it now. Next: hubgate config check && hubgate reload`)
  // Says at once where the file does not hold; unset ${NAME}s of another environment are the operator's to judge.
  loadConfig({ file: configuration, env: process.env })
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new CliError(`${file} cannot be read`, {
      hint: 'write one with `hubgate init`, or name it with -c FILE',
    })
  }
}
