// What a run of streams found, in words.
import { type Disagreement, type Tally, missing } from './campaign.ts'
import type { Outcome } from './script.ts'

export function share({ taken, sent }: Tally): number {
  return sent === 0 ? 0 : taken / sent
}

export function progressLine(tally: Tally, seconds: number): string {
  const rate = Math.round(tally.streams / Math.max(seconds, 0.001))
  return `${tally.streams} streams, ${rate} a second, ${percent(share(tally))} of the deliveries by the fast lane`
}

export function summary(tally: Tally, seed: number): string {
  const never = missing(tally)
  return [
    `seed ${seed}, Node ${process.versions.node}`,
    `${tally.streams} streams of ${tally.bytes} bytes, ${tally.records} records`,
    `${tally.sent} deliveries at the upstream, ${tally.taken} by the fast lane (${percent(share(tally))})`,
    `${tally.loose} streams compared up to where the lanes may part (${percent(tally.loose / Math.max(1, tally.streams))})`,
    `${tally.classes.size} classes of input${never.length === 0 ? '' : `; never came up: ${never.join(', ')}`}`,
    tally.disagreement === undefined ? 'no disagreement' : 'a disagreement',
  ].join('\n')
}

export function classLines({ classes }: Tally): string {
  const lines = [...classes]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `  ${name}: ${count}`)
  return lines.join('\n')
}

export function disagreementText({ seed, difference, script, fast, general }: Disagreement): string {
  const steps = script.steps.map((step) =>
    step.do === 'send' ? `send ${JSON.stringify(cut(step.bytes.toString('latin1')))}` : JSON.stringify(step),
  )
  const { kind, plans, atOnce, room } = script
  return [
    `${difference} (npm run fuzz -- --stream ${seed})`,
    `settings ${kind}; upstream ${plans.join(' ')}, ${atOnce ? 'at once' : 'late'}; room ${room ?? 'enough'}`,
    ...steps,
    `fast lane:    ${outcomeText(fast)}`,
    `general lane: ${outcomeText(general)}`,
  ].join('\n')
}

function outcomeText({ seen: { said, over, upstream, records } }: Outcome): string {
  const told = records.map(({ ending: { outcome, code, gate, detail } }) =>
    [outcome, code, gate, detail].join(' '),
  )
  return JSON.stringify({ said: cut(said), over, upstream: upstream.map(cut), told }, undefined, 2)
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}

// Heads are what it is about; bodies of many bytes say nothing.
function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} bytes)`
}

const LONGEST = 1_500
