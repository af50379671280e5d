// `hubgate anchor retire NAME`: an anchor admits nobody any more from the next reload on. Refused where nobody would be
// admitted at all, and where Meta came in by it last.
import type { Command } from 'commander'
import { retireAnchor } from '../config/edit.ts'
import { stateAt } from '../tls/anchors.ts'
import { type EditOptions, type Prepared, finishEdit, prepareEdit } from './anchor-edit.ts'
import { type AnchorUsage, anchorUsage, lastUsed } from './anchor-usage.ts'
import { CliError, EXIT, print, printNote } from './io.ts'
import { withConfig } from './options.ts'

interface RetireOptions extends EditOptions {
  readonly althoughUsed?: boolean
}

export function registerAnchorRetire(anchor: Command): void {
  withConfig(anchor.command('retire <name>'))
    .description('take an anchor out of use')
    .option('--write', 'edit the configuration')
    .option('--although-used', 'even if it is the one that admitted a client last')
    .action(run)
}

async function run(name: string, options: RetireOptions): Promise<void> {
  const now = new Date()
  const edit = await prepareEdit(options, (text) => retireAnchor(text, name, now))
  if (edit.lines.length === 0) return print(`${name} is retired already in ${edit.file}`)
  demandAnother(edit, { name, now })
  refuseInUse(name, { usage: await anchorUsage(options), options })
  await finishEdit(edit, options)
}

// The rules of the configuration see states; dates may leave nobody active all the same.
function demandAnother({ anchors }: Prepared, { name, now }: { name: string; now: Date }): void {
  if (anchors.some((anchor) => stateAt(anchor, now) === 'active')) return
  throw new CliError(`without ${name} no anchor is active now: every client would be refused`, {
    hint: 'promote another one first: hubgate anchor list shows them',
    exit: EXIT.wanting,
  })
}

interface Seen {
  readonly usage: readonly AnchorUsage[] | undefined
  readonly options: RetireOptions
}

function refuseInUse(name: string, { usage, options }: Seen): void {
  if (usage === undefined)
    return printNote('no gateway tells which anchor is in use: look at `hubgate anchor list` where it runs')
  const last = lastUsed(usage)
  const isMeant = last !== undefined && (last.name === name || last.name.startsWith(`${name}#`))
  if (!isMeant) return
  const message = `${name} admitted the last client, at ${last.lastUsed?.toISOString() ?? ''}: without it what Meta sends now may be refused`
  if (options.write !== true || options.althoughUsed === true) return printNote(message)
  throw new CliError(message, {
    hint: 'wait until another anchor is used; or, to retire it all the same: --although-used',
    exit: EXIT.wanting,
  })
}
