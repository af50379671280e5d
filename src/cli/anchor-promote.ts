// `hubgate anchor promote NAME`: a staged or retired anchor becomes active with the next reload. Shows what will be
// trusted, and the line that says so.
import type { Command } from 'commander'
import type { AnchorConfig } from '../config/config.ts'
import { promoteAnchor } from '../config/edit.ts'
import { type Anchor, AnchorFileError, loadAnchors } from '../tls/anchors.ts'
import { type EditOptions, finishEdit, prepareEdit } from './anchor-edit.ts'
import { namesake } from './anchor-name.ts'
import { anchorFacts, anchorText } from './anchor-text.ts'
import { CliError, EXIT, print, printNote } from './io.ts'
import { withConfig } from './options.ts'

export function registerAnchorPromote(anchor: Command): void {
  withConfig(anchor.command('promote <name>'))
    .description('make a staged or retired anchor active')
    .option('--write', 'edit the configuration')
    .action(run)
}

async function run(name: string, options: EditOptions): Promise<void> {
  const now = new Date()
  const edit = await prepareEdit(options, (text) => promoteAnchor(text, name, now))
  if (edit.lines.length === 0) return print(`${name} is active already in ${edit.file}`)
  const anchors = edit.anchors.filter((one) => one.name === name).flatMap((one) => loaded(one, now))
  print(anchors.map((anchor) => anchorText(anchor)).join('\n\n'))
  for (const anchor of anchors) note(anchor)
  await finishEdit(edit, options)
}

// The gateway would refuse the whole configuration for a file that it cannot read.
function loaded(source: AnchorConfig, now: Date): readonly Anchor[] {
  try {
    return loadAnchors(source, now)
  } catch (error) {
    const hint = error instanceof AnchorFileError ? error.hint : 'store it first: hubgate anchor add FILE'
    const reason = error instanceof Error ? error.message : 'cannot be read'
    throw new CliError(`anchor ${source.name}: ${reason}`, { hint, exit: EXIT.wanting })
  }
}

function note(anchor: Anchor): void {
  const known = namesake(anchor.certificate)
  if (known !== undefined)
    printNote(`THIS IS NOT THE KNOWN "${known.label}": it only bears its name. Ask Meta before you trust it.`)
  if (anchorFacts(anchor).daysLeft < 0)
    printNote(`${anchor.name} has expired: it admits nobody, active or not`)
}
