// `hubgate anchor rehearse FILE...`: what would have happened to the clients seen last under another set of anchors.
// Exit 3 where one that is admitted today would be refused, or where that cannot be told: nobody was seen yet, too.
import type { Command } from 'commander'
import { loadTrust } from '../config/load.ts'
import { ConfigError, type Problem } from '../config/problem.ts'
import { readText } from '../config/read-text.ts'
import { isActive, prepareAnchors } from '../gateway/prepare-anchors.ts'
import { visible } from '../observe/text.ts'
import type { Anchor } from '../tls/anchors.ts'
import { ClientBook, type SeenClient, clientBookFile } from '../tls/client-book.ts'
import { readAnchorFile } from './anchor-inspect.ts'
import { type Cast, type Played, play } from './anchor-rehearsal.ts'
import { CliError, EXIT, exitWith, print, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, configFile, withConfig, withJson } from './options.ts'

interface RehearseOptions extends ConfigOption, JsonOption {
  readonly keep?: boolean
}

export function registerAnchorRehearse(anchor: Command): void {
  withJson(withConfig(anchor.command('rehearse <files...>')))
    .description('try the clients seen last against other anchors, before those are trusted')
    .option('--keep', 'beside the active anchors of the configuration, not in their place')
    .action(run)
}

async function run(files: readonly string[], options: RehearseOptions): Promise<void> {
  const file = configFile(options)
  const trust = loadTrust({ file, env: process.env })
  const now = new Date()
  const problems: Problem[] = []
  const configured = await prepareAnchors(trust, problems, now)
  // Otherwise they only help to see where chains end.
  if (options.keep === true && problems.length > 0) throw new ConfigError(problems, file)
  const given = (await Promise.all(files.map(readAnchorFile))).flat()
  const anchors = unique([...(options.keep === true ? configured.filter(isActive) : []), ...given])
  const cast: Cast = { client: trust.client, anchors, others: configured, now }
  const played = clientsIn(clientBookFile(trust.state)).map((client) => play(client, cast))
  if (options.json === true) printJson({ anchors: anchors.map(shownAnchor), ...json(played) })
  else print(played.length === 0 ? nobody(trust.state) : text(played, anchors))
  // An empty book promises nothing.
  const isPromise = played.length > 0
  if (
    !isPromise ||
    played.some(({ isAdmitted, rehearsed }) => isAdmitted && rehearsed.outcome !== 'admitted')
  )
    exitWith(EXIT.wanting)
}

// The same certificate may be active already.
function unique(anchors: readonly Anchor[]): readonly Anchor[] {
  return anchors.filter(
    ({ fingerprint }, i) => anchors.findIndex((other) => other.fingerprint === fingerprint) === i,
  )
}

/** Far above what a gateway writes. */
const LARGEST = 64 * 1024 * 1024

function clientsIn(file: string): readonly SeenClient[] {
  let text: string
  try {
    text = readText(file, LARGEST)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be read'
    if (reason === 'there is no such file') return []
    throw new CliError(`${file}: ${reason}`, { hint: 'ask as the user that the gateway runs as' })
  }
  try {
    return text === '' ? [] : ClientBook.from(text).clients
  } catch {
    throw new CliError(`${file} is damaged`, { hint: 'the gateway begins it anew when it starts' })
  }
}

function nobody(state: string): string {
  return `Nothing to rehearse with: the gateway has not yet seen a client certificate, or not yet written it down (it does so every minute, in ${clientBookFile(state)}).`
}

function shownAnchor({ name, fingerprint }: Anchor) {
  return { name, fingerprint }
}

function json(played: readonly Played[]) {
  return {
    clients: played.map(({ client, isAdmitted, today, rehearsed }) => {
      const { fingerprint, subject, issuer, serial, notBefore, notAfter, firstSeen, lastSeen, times } = client
      const seen = { firstSeen, lastSeen, times }
      const facts = { fingerprint, subject, issuer, serial, notBefore, notAfter }
      return { ...facts, ...seen, isAdmitted, today, rehearsed }
    }),
    summary: countsOf(played),
  }
}

function countsOf(played: readonly Played[]) {
  const today = played.filter(({ isAdmitted }) => isAdmitted)
  const counted = (outcome: Played['rehearsed']['outcome'], of: readonly Played[]) =>
    of.filter(({ rehearsed }) => rehearsed.outcome === outcome).length
  return {
    clients: played.length,
    admittedToday: today.length,
    wouldBeRefused: counted('refused', today),
    cannotBeTold: counted('unknown', today),
    newlyAdmitted: counted('admitted', played) - counted('admitted', today),
  }
}

function text(played: readonly Played[], anchors: readonly Anchor[]): string {
  const tried = `Under ${anchors.map(({ name }) => name).join(', ')}:`
  return [tried, ...played.map(paragraph), summary(countsOf(played))].join('\n\n')
}

function paragraph({ client, today, rehearsed }: Played): string {
  const { subject, issuer, notAfter, lastSeen, times } = client
  const rows = [
    ['issuer', visible(issuer)],
    [
      'seen',
      `${times} times, last at ${lastSeen.toISOString().slice(0, 19)}Z; valid until ${notAfter.toISOString().slice(0, 10)}`,
    ],
    ['now', today],
    ['then', inWords(rehearsed)],
  ] as const
  return [visible(subject), ...rows.map(([label, value]) => `  ${label.padEnd(7)} ${visible(value)}`)].join(
    '\n',
  )
}

function inWords({ outcome, anchors, detail }: Played['rehearsed']): string {
  if (outcome === 'admitted') return `admitted by ${anchors.join(', ')}: ${detail}`
  return outcome === 'refused' ? `refused: ${detail}` : detail
}

function summary({
  admittedToday,
  wouldBeRefused,
  cannotBeTold,
  newlyAdmitted,
}: ReturnType<typeof countsOf>) {
  const clients = admittedToday === 1 ? 'client that is' : 'clients that are'
  const many = wouldBeRefused === 0 ? 'None' : String(wouldBeRefused)
  return [
    `${many} of ${admittedToday} ${clients} admitted today would be refused.`,
    ...(cannotBeTold === 0 ? [] : [`Of ${cannotBeTold} it cannot be told.`]),
    ...(newlyAdmitted === 0 ? [] : [`${newlyAdmitted} refused today would be admitted.`]),
  ].join(' ')
}
