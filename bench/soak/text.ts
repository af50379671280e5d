// How a soak is shown: a line a minute while it runs, and at the end what it showed.
import type { Soaked } from './run.ts'
import type { Minute } from './watch.ts'

type Column = readonly [head: string, of: (minute: Minute) => string]

const COLUMNS: readonly Column[] = [
  ['minute', ({ at }) => (at / 60).toFixed(1)],
  ['cores', ({ cores }) => cores.toFixed(2)],
  ['sent/s', ({ sent }) => whole(sent)],
  ['answered 200/s', ({ acknowledged }) => whole(acknowledged)],
  ['sent again', ({ again }) => whole(again)],
  ['bad', ({ bad }) => whole(bad)],
  ['lost', ({ lost }) => whole(lost)],
  ['RSS MB', ({ resident }) => resident.toFixed(1)],
  ['heap MB', ({ heap }) => heap.toFixed(1)],
  ['descriptors', ({ descriptors }) => whole(descriptors)],
  ['handles', ({ handles }) => whole(handles)],
  ['lag ms', ({ lag }) => lag.toFixed(1)],
  ['reloads', ({ reloads }) => whole(reloads)],
  ['restarts', ({ restarts }) => whole(restarts)],
]

export function headLine(): string {
  return COLUMNS.map(([head]) => head).join('  ')
}

export function minuteLine(minute: Minute): string {
  return COLUMNS.map(([head, of]) => of(minute).padStart(head.length)).join('  ')
}

export function endText({ rules, broken, badConnections, answers }: Soaked): string {
  const made = Object.entries(badConnections).map(([kind, count]) => `${count} × ${kind}`)
  const tries = Object.entries(answers).map(([status, count]) => `${count} × ${status}`)
  const lines = rules.map(({ rule, state, detail }) => `${state}: ${rule}: ${detail}`)
  const verdict =
    broken.length === 0 ? 'nothing is broken' : `broken: ${broken.length} of ${rules.length} rules`
  const seen = [`bad connections: ${made.join(', ')}`, `answers to tracked deliveries: ${tries.join(', ')}`]
  return ['', ...seen, ...lines, verdict].join('\n')
}

function whole(value: number): string {
  return `${Math.round(value)}`
}
