// `hubgate allowlist show`: what is known of the list, whether its lines are those that were stored, and the prefixes.
import type { Command } from 'commander'
import { type WrittenHeader, digestFits, readHeader } from '../allowlist/list-header.ts'
import { type RefreshStatus, readStatus } from '../allowlist/status.ts'
import { formatPrefix } from '../domain/address.ts'
import { aggregate, countAddresses } from '../domain/aggregate.ts'
import { visible } from '../observe/text.ts'
import {
  type ListOptions,
  type ListRead,
  countFamilies,
  families,
  listFile,
  meantSources,
  readList,
  withList,
} from './allowlist-list.ts'
import { EXIT, exitWith, print, printError, printJson } from './io.ts'
import { type JsonOption, withJson } from './options.ts'

export function registerAllowlistShow(allowlist: Command): void {
  withJson(withList(allowlist.command('show')))
    .description('print the list and where it came from; 3 where its lines are not those that were stored')
    .action(show)
}

interface Shown {
  readonly list: ListRead
  readonly header: WrittenHeader | undefined
  /** Undefined where there is no digest to compare with. */
  readonly verified: boolean | undefined
  readonly status: RefreshStatus | undefined
  /** Milliseconds since the registry was asked; where that is not known, since the file was written. */
  readonly age: number
  readonly maxAge: number
}

async function show(options: ListOptions & JsonOption): Promise<void> {
  const meant = meantSources(options)
  const list = await readList(listFile(options, meant))
  const header = readHeader(list.text)
  const verified = header === undefined ? undefined : digestFits(header, list.prefixes)
  const since = header?.time ?? list.updated ?? new Date()
  const shown = {
    list,
    header,
    verified,
    status: await readStatus(list.file),
    age: Math.max(0, Date.now() - since.getTime()),
    maxAge: meant.sources.maxAge,
  }
  if (options.json === true) printJson(asJson(shown))
  else print(asText(shown))
  if (verified !== false) return
  printError(
    `${list.file}: the lines are not those that were stored: its sha256 does not fit`,
    'edited by hand? sources.extra is the place for further prefixes; `hubgate allowlist refresh` writes the list anew',
  )
  exitWith(EXIT.wanting)
}

function asJson({ list, header, verified, status, age }: Shown): unknown {
  return {
    file: list.file,
    source: header?.source ?? null,
    time: header?.time ?? null,
    written: list.updated ?? null,
    ageSeconds: Math.floor(age / 1_000),
    objects: header?.objects ?? null,
    counts: countFamilies(list.prefixes),
    addresses: addressCounts(list),
    sha256: header?.sha256 ?? null,
    verified: verified ?? null,
    lastRefresh: status ?? null,
    prefixes: list.prefixes.map(formatPrefix),
  }
}

function asText({ list, header, verified, status, age, maxAge }: Shown): string {
  const { ipv4 } = addressCounts(list)
  const old = age > maxAge ? '; older than sources.maxAge' : ''
  const known =
    header === undefined
      ? [['source', 'not known: it was not written by `hubgate allowlist refresh`']]
      : [
          ['source', visible(header.source)],
          ['objects', families(header.objects)],
          ['sha256', verified === true ? `${header.sha256}, fits the lines` : 'DOES NOT FIT the lines'],
        ]
  const time = (header?.time ?? list.updated)?.toISOString() ?? 'not known'
  const facts = [
    ...known,
    ['time', `${time} (${ageText(age)}${old})`],
    [
      'prefixes',
      `${families(countFamilies(list.prefixes))}: ${Number(ipv4).toLocaleString('en')} IPv4 addresses`,
    ],
    ...(status === undefined
      ? []
      : [['refresh', `${status.outcome} at ${status.time.toISOString()}: ${visible(status.detail)}`]]),
  ]
  const lines = facts.map(([name = '', fact = '']) => `  ${name.padEnd(9)} ${fact}`)
  return [visible(list.file), ...lines, '', ...list.prefixes.map(formatPrefix)].join('\n')
}

// As text in JSON: numbers of IPv6 addresses are beyond what a number holds.
function addressCounts({ prefixes }: ListRead): { ipv4: string; ipv6: string } {
  const whole = aggregate(prefixes)
  const count = (family: 4 | 6) =>
    String(countAddresses(whole.filter(({ address }) => address.family === family)))
  return { ipv4: count(4), ipv6: count(6) }
}

function ageText(milliseconds: number): string {
  const hours = Math.floor(milliseconds / 3_600_000)
  if (hours < 1) return 'within the last hour'
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`
}
