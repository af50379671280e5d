// The words of `hubgate allowlist refresh`: what was found, dropped, changed and accepted, for people and as JSON.
import type { Dropped } from '../allowlist/filter.ts'
import type { GuardFailure } from '../allowlist/guards.ts'
import type { GuardRefusal, Stored } from '../allowlist/refresh.ts'
import { cut, visible } from '../observe/text.ts'
import { families } from './allowlist-list.ts'

export interface Telling {
  readonly file: string
  /** Each dropped object, not only how many. */
  readonly verbose: boolean
}

export function refreshText(outcome: Stored | GuardRefusal, { file, verbose }: Telling): string {
  const { from, objects, dropped, maintainersChecked } = outcome
  const facts: readonly (readonly [string, string])[] = [
    ['from', visible(from)],
    ['objects', `${families(objects)} believed`],
    ['dropped', maintainersChecked ? droppedText(outcome) : 'none: whose objects they are was not told'],
    ...(outcome.outcome === 'stored'
      ? [
          ['changed', `${outcome.added} prefixes new, ${outcome.removed} gone`] as const,
          ...outcome.accepted.map((failure) => ['accepted', failureText(failure)] as const),
        ]
      : []),
  ]
  return [
    headline(outcome, file),
    ...facts.map(([name, fact]) => `  ${name.padEnd(9)} ${fact}`),
    ...(verbose ? dropped.map((one) => `    ${droppedLine(one)}`) : []),
  ].join('\n')
}

function headline(outcome: Stored | GuardRefusal, file: string): string {
  if (outcome.outcome === 'refused') return 'refused: nothing was stored'
  const { ipv4, ipv6 } = outcome.prefixes
  return `stored ${ipv4 + ipv6} prefixes (${families(outcome.prefixes)}) in ${visible(file)}`
}

function droppedText({ dropped, dropCounts }: Stored | GuardRefusal): string {
  if (dropped.length === 0) return 'none'
  const reasons = Object.entries(dropCounts).map(([reason, count]) => `${count} ${reason}`)
  return `${dropped.length}: ${reasons.join(', ')}`
}

function failureText({ guard, message }: GuardFailure): string {
  return `${guard}: ${visible(message)}`
}

// Whoever registered the object chose these words.
function droppedLine({ object, reason }: Dropped): string {
  const { kind, prefix, origin, source, maintainers } = object
  const words = [kind, prefix, origin, source, maintainers.join(',') || 'no maintainer']
  return `${words.map((word) => visible(cut(word, 60))).join('  ')}  (${reason})`
}

/** Which guards refuse, and the numbers of each. */
export function refusalText(failures: readonly GuardFailure[]): string {
  const [first] = failures
  if (first !== undefined && failures.length === 1) return `guard ${failureText(first)}`
  return ['guards refuse the new list:', ...failures.map((failure) => `  ${failureText(failure)}`)].join('\n')
}

export function refreshJson(outcome: Stored | GuardRefusal, { file, verbose }: Telling): unknown {
  const { from, objects, dropped, dropCounts, maintainersChecked } = outcome
  const found = { file, from, objects, dropped: dropCounts, maintainersChecked }
  const each = verbose ? { droppedObjects: dropped } : {}
  if (outcome.outcome === 'refused')
    return { outcome: 'refused', ...found, failures: outcome.failures, ...each }
  const { prefixes, added, removed, accepted } = outcome
  return { outcome: 'stored', ...found, prefixes, added, removed, accepted, ...each }
}
