// `hubgate allowlist check ADDRESS`: whether the source gate would admit it, and by which prefix. Exit 0 or 3.
import type { Command } from 'commander'
import { type Address, formatAddress, parseAddress, parsePrefix } from '../domain/address.ts'
import { prefixTable } from '../domain/prefix-table.ts'
import { visible } from '../observe/text.ts'
import { type ListOptions, type Meant, listFile, meantSources, readList, withList } from './allowlist-list.ts'
import { EXIT, exitWith, print, printJson, printNote, wrongUse } from './io.ts'
import { type JsonOption, withJson } from './options.ts'

export function registerAllowlistCheck(allowlist: Command): void {
  withJson(withList(allowlist.command('check <address>')))
    .description('ask whether an address is in the list, or in sources.extra: 0 or 3')
    .action(check)
}

async function check(text: string, options: ListOptions & JsonOption): Promise<void> {
  const address = givenAddress(text)
  const meant = meantSources(options)
  const { file, prefixes } = await readList(listFile(options, meant))
  const list = prefixTable(prefixes)
  const extra = prefixTable(meant.sources.extra.map(parsePrefix))
  const inList = list.find(address)
  const prefix = inList ?? extra.find(address)
  const from = prefix === undefined ? undefined : inList === undefined ? 'sources.extra' : 'list'
  if (options.json === true)
    printJson({ address: formatAddress(address), prefix: prefix ?? null, from: from ?? null, file })
  else if (prefix === undefined)
    print(`${spelled(text, address)} is in none of ${places(list.size, file, meant)}`)
  else
    print(
      `${spelled(text, address)} is in ${prefix}, from ${from === 'list' ? visible(file) : extraOf(meant)}`,
    )
  noteMode(meant)
  exitWith(prefix === undefined ? EXIT.wanting : EXIT.done)
}

function givenAddress(text: string): Address {
  const address = parseAddress(text)
  if (address !== undefined) return address
  const hint = text.includes('/')
    ? 'one address, without a prefix length; `hubgate allowlist diff` compares prefixes'
    : 'such as 157.240.1.1 or 2a03:2880::1: no port, zone or leading zeros'
  throw wrongUse(`"${visible(text.slice(0, 60))}" is not an IPv4 or IPv6 address`, hint)
}

// An IPv4-mapped address is its IPv4 address; other spellings are shown as they are compared, too.
function spelled(text: string, address: Address): string {
  const canonical = formatAddress(address)
  return canonical === text ? text : `${text} (${canonical})`
}

function places(size: number, file: string, meant: Meant): string {
  const { length } = meant.sources.extra
  const list = `the ${size} prefixes of ${visible(file)}`
  return length === 0 ? list : `${list}, nor of the ${length} of ${extraOf(meant)}`
}

function extraOf({ configuration = 'the configuration' }: Meant): string {
  return `sources.extra of ${visible(configuration)}`
}

function noteMode({ sources: { mode } }: Meant): void {
  if (mode === 'none') printNote('sources.mode is none: the gateway admits every address')
  if (mode === 'observe')
    printNote('sources.mode is observe: the gateway records what is outside, and admits it')
}
