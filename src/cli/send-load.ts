// Load from `hubgate send`: bounded in rate, time and connections, with a summary for people or programs.
import { deliveryOf, dialOf } from '../lab/attacks/attack.ts'
import type { AttackContext } from '../lab/attacks.ts'
import { type LoadSummary, runLoad } from '../lab/load.ts'
import { LOAD_BODY } from '../lab/sender.ts'
import { EXIT, wrongUse } from './io.ts'
import { payloadsFor, wholeNumber } from './send-arguments.ts'
import type { Say, SendReport } from './send-report.ts'
import type { SendOptions } from './send.ts'

/** Load at a steady rate: bounded in rate, time and connections. */
export async function load(context: AttackContext, options: SendOptions, say: Say): Promise<SendReport> {
  const rate = wholeNumber('--rate', options.rate ?? '', 5000)
  const seconds = wholeNumber('--duration', options.duration ?? '10', 3600)
  const connections = wholeNumber('--connections', options.connections ?? '16', 256)
  if (rate * seconds > 1_000_000)
    throw wrongUse('more than 1,000,000 deliveries', 'take a lower rate or duration')
  const [payload] = options.payload === undefined ? [] : payloadsFor(options.payload)
  const stop = new AbortController()
  const end = () => stop.abort()
  process.once('SIGINT', end)
  const summary = await runLoad({
    dial: dialOf(context),
    bytes: deliveryOf(context, { body: payload?.bytes() ?? LOAD_BODY }),
    rate,
    duration: seconds * 1000,
    connections,
    stop: stop.signal,
    onProgress: ({ sent, ended, failed }) => {
      if (process.stderr.isTTY)
        process.stderr.write(`\r${sent} sent, ${ended} answered, ${failed} not acknowledged `)
    },
  })
  process.off('SIGINT', end)
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  say(summaryText(summary))
  const fine = Object.keys(summary.outcomes).every((outcome) => outcome === '200') && summary.sent > 0
  return { json: summary, exit: fine ? EXIT.done : EXIT.failed }
}

function summaryText({
  sent,
  outcomes,
  seconds,
  acknowledgedPerSecond,
  latency,
  connections,
}: LoadSummary): string {
  const ended = Object.entries(outcomes).map(([outcome, count]) => `${outcome}: ${count}`)
  const times =
    latency === undefined ? [] : Object.entries(latency).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`)
  return [
    `${sent} deliveries in ${seconds.toFixed(1)} s over ${connections} connections; ${acknowledgedPerSecond.toFixed(1)} acknowledged a second`,
    `answers  ${ended.join(', ') || 'none'}`,
    ...(times.length === 0 ? [] : [`latency  ${times.join(', ')}`]),
  ].join('\n')
}
