// `hubgate allowlist diff FILE`: which addresses FILE would add to the list and take from it. Compares addresses, not
// lines: two lists that spell the same set differently are the same. Exit 0 same, 3 different.
import type { Command } from 'commander'
import { type Prefix, formatPrefix } from '../domain/address.ts'
import { countAddresses } from '../domain/aggregate.ts'
import { subtract } from '../domain/subtract.ts'
import { type ListOptions, listFile, meantSources, readList, withList } from './allowlist-list.ts'
import { EXIT, exitWith, print, printJson } from './io.ts'
import { type JsonOption, withJson } from './options.ts'

export function registerAllowlistDiff(allowlist: Command): void {
  withJson(withList(allowlist.command('diff')))
    .description('what FILE would add to the list, and take from it: 0 where they are the same, else 3')
    .argument('<other>', 'another list, - for standard input')
    .action(diff)
}

async function diff(other: string, options: ListOptions & JsonOption): Promise<void> {
  const present = await readList(listFile(options, meantSources(options)))
  const wanted = await readList(other)
  const added = subtract(wanted.prefixes, present.prefixes)
  const removed = subtract(present.prefixes, wanted.prefixes)
  const same = added.length + removed.length === 0
  if (options.json === true)
    printJson({ same, added: added.map(formatPrefix), removed: removed.map(formatPrefix) })
  else if (same) print(`${present.file} and ${wanted.file} hold the same addresses`)
  else print([...lines('+', added), ...lines('-', removed), totals({ added, removed })].join('\n'))
  exitWith(same ? EXIT.done : EXIT.wanting)
}

function lines(sign: string, prefixes: readonly Prefix[]): string[] {
  return prefixes.map((prefix) => `${sign} ${formatPrefix(prefix)}`)
}

function totals({ added, removed }: Record<'added' | 'removed', readonly Prefix[]>): string {
  return `# would add ${amount(added)}; would take away ${amount(removed)}`
}

function amount(prefixes: readonly Prefix[]): string {
  const ipv4 = prefixes.filter(({ address }) => address.family === 4)
  const ipv6 = prefixes.length - ipv4.length
  return `${countAddresses(ipv4)} IPv4 addresses and ${ipv6} IPv6 prefixes`
}
