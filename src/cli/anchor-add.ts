// `hubgate anchor add FILE`: stores a CA certificate beside the configuration and prints the line that makes it an anchor,
// or with --write puts it there. Nothing is trusted before the gateway reloads; with --stage not before it is promoted.
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type AnchorEntry, addAnchor, anchorLine } from '../config/edit.ts'
import { isName, NAME_HINT } from '../config/kinds.ts'
import { ConfigError } from '../config/problem.ts'
import { Unreadable, readBytes } from '../config/read-text.ts'
import { replaceFile } from '../config/replace-file.ts'
import { type Anchor, MAX_FILE, parseAnchors } from '../tls/anchors.ts'
import { KNOWN_ANCHORS } from '../tls/known-anchors.ts'
import { type EditOptions, type Prepared, finishEdit, prepareEdit } from './anchor-edit.ts'
import { readAnchorFile } from './anchor-inspect.ts'
import { namesake } from './anchor-name.ts'
import { anchorText } from './anchor-text.ts'
import { CliError, EXIT, print, printNote, wrongUse } from './io.ts'
import { configFile, withConfig } from './options.ts'

interface AddOptions extends EditOptions {
  readonly name?: string
  readonly stage?: boolean
}

export function registerAnchorAdd(anchor: Command): void {
  const add = anchor
    .command('add <file>')
    .description("store a CA certificate (PEM, DER, or Meta's zip as it is) and say how to trust it")
  withConfig(add)
    .option('--name <name>', 'its name in the configuration')
    .option('--stage', 'add it staged: it admits nobody, and refusals tell whether it would')
    .option('--write', 'also edit the configuration')
    .action(run)
}

async function run(file: string, options: AddOptions): Promise<void> {
  const found = await theOne(file)
  const name = nameFor(found, options)
  const anchor = { ...found, name }
  print(anchorText(anchor))
  refuseNamesake(anchor, options)
  const relative = `anchors/${name}.pem`
  const entry = { name, file: relative, ...(options.stage === true ? { state: 'staged' as const } : {}) }
  // What would be refused is refused before anything is stored.
  const edit = await editFor(entry, options)
  const stored = join(dirname(resolve(configFile(options))), relative)
  await store(stored, anchor)
  if (edit === undefined) return printLine(entry, options)
  if (edit.lines.length > 0)
    return options.write === true ? finishEdit(edit, options) : printLine(entry, options)
  const present = edit.anchors.find((one) => one.name === name)
  print(`${edit.file} names it already, as ${present?.state ?? 'active'}`)
}

// Without --write the configuration is only asked whether it names the anchor already, and may be missing or wrong.
async function editFor(entry: AnchorEntry, options: AddOptions): Promise<Prepared | undefined> {
  try {
    return await prepareEdit(options, (text) => addAnchor(text, entry))
  } catch (error) {
    if (options.write === true || !(error instanceof ConfigError)) throw error
    return undefined
  }
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

function nameFor({ name, fingerprint }: Anchor, options: AddOptions): string {
  const chosen = options.name ?? name
  if (!isName(chosen)) throw wrongUse('--name is not a usable name', NAME_HINT)
  const known = KNOWN_ANCHORS.find((one) => one.name === chosen)
  if (known === undefined || known.fingerprint === fingerprint) return chosen
  throw new CliError(
    `${chosen} is what hubgate calls "${known.label}", and this certificate is another one`,
    {
      hint: 'give it another --name; if it was meant to be that one, do not trust it',
      exit: EXIT.wanting,
    },
  )
}

// Reissued or forged: nobody can tell by the name. Staged it admits nobody, and refusals show whether Meta uses it.
function refuseNamesake({ certificate, fingerprint }: Anchor, { write, stage }: AddOptions): void {
  const known = namesake(certificate)
  if (known === undefined) return
  const warning = `THIS IS NOT THE KNOWN "${known.label}": it only bears its name`
  const hint = `its SHA-256 is ${fingerprint}, the known one's ${known.fingerprint}: ask Meta before you trust it, or add it with --stage and see`
  if (write === true && stage !== true) throw new CliError(warning, { hint, exit: EXIT.wanting })
  printNote(`${warning}; ${hint}`)
}

// Files of anchors are watched: other content under a name in use would be trusted at once, without anybody's reload.
async function store(stored: string, { name, certificate, fingerprint }: Anchor): Promise<void> {
  const present = fingerprintsIn(stored)
  if (present === undefined) {
    await mkdir(dirname(stored), { recursive: true })
    await replaceFile(stored, certificate.toString())
    print(`\nstored as ${stored}`)
  } else if (present.length === 1 && present[0] === fingerprint) print(`\nstored already as ${stored}`)
  else
    throw new CliError(`${stored} holds something else, which may be in use`, {
      hint: `give the new one another name: --name ${name}-2`,
      exit: EXIT.wanting,
    })
}

/** Undefined: there is no such file. */
function fingerprintsIn(file: string): readonly string[] | undefined {
  try {
    return parseAnchors(readBytes(file, MAX_FILE)).map(({ fingerprint256 }) => fingerprint256)
  } catch (error) {
    return error instanceof Unreadable && error.message === 'there is no such file' ? undefined : []
  }
}

function printLine(entry: AnchorEntry, options: AddOptions): void {
  print(
    `\nAdd this to client.anchors in ${resolve(configFile(options))}, or run the command again with --write:\n\n    ${anchorLine(entry)}\n\nThen: hubgate config check && hubgate reload`,
  )
}
