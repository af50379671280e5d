// `hubgate allowlist export`: the list for other programs, on standard output.
import { type Command, Option } from 'commander'
import { FORMATS, type Format, exportList } from '../allowlist/exports.ts'
import { aggregate } from '../domain/aggregate.ts'
import { type ListOptions, listFile, meantSources, readList, withList } from './allowlist-list.ts'
import { print, printNote } from './io.ts'

interface ExportOptions extends ListOptions {
  readonly format: Format
}

export function registerAllowlistExport(allowlist: Command): void {
  withList(allowlist.command('export'))
    .description('print the list for other programs')
    .addOption(new Option('--format <format>', 'what for').choices(FORMATS).default('plain'))
    .action(async (options: ExportOptions) => {
      const meant = meantSources(options)
      const { prefixes } = await readList(listFile(options, meant))
      print(exportList(aggregate(prefixes), options.format))
      const { length } = meant.sources.extra
      if (length > 0) printNote(`sources.extra (${length}) is not in it: only the list is exported`)
    })
}
