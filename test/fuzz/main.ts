// `npm run fuzz`: whether both lanes say and do the same on generated streams. Exit 1 where they do not.
import { parseArgs } from 'node:util'
import { again, campaign, missing } from './campaign.ts'
import { classLines, disagreementText, progressLine, share, summary } from './report.ts'

/** Below this the fast lane was hardly looked at. */
const LEAST_SHARE = 0.3
/** Fewer need not have every class of input. */
const ENOUGH = 20_000

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    stream: { type: 'string' },
  },
})
const numbers = [values.streams, values.seed, values.stream ?? '0']
if (numbers.some((text) => !/^\d{1,10}$/.test(text))) {
  process.stderr.write('hubgate: error: --streams, --seed and --stream are numbers\n')
  process.exitCode = 2
} else if (values.stream === undefined) await run(Number(values.streams), Number(values.seed))
else await replay(Number(values.stream))

async function run(streams: number, seed: number): Promise<void> {
  const from = performance.now()
  const seconds = () => (performance.now() - from) / 1_000
  const tally = await campaign({
    streams,
    seed,
    onProgress: (so) => void process.stderr.write(`hubgate: ${progressLine(so, seconds())}\n`),
  })
  print(classLines(tally))
  print(summary(tally, seed))
  print(`${Math.round(seconds())} seconds`)
  if (tally.disagreement !== undefined) print(disagreementText(tally.disagreement))
  const enough = share(tally) > LEAST_SHARE && (streams < ENOUGH || missing(tally).length === 0)
  if (tally.disagreement !== undefined || !enough) process.exitCode = 1
}

async function replay(seed: number): Promise<void> {
  const { disagreement } = await again(seed)
  print(disagreement === undefined ? 'no disagreement' : disagreementText(disagreement))
  if (disagreement !== undefined) process.exitCode = 1
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
