// `hubgate anchor list`: the trust anchors of the configuration, each with its state, what a person compares, and where a
// gateway runs, how often and when it was used last.
import type { Command } from 'commander'
import type { AnchorConfig } from '../config/config.ts'
import { loadTrust } from '../config/load.ts'
import { type Anchor, loadAnchors } from '../tls/anchors.ts'
import { anchorFacts, anchorText, type Row } from './anchor-text.ts'
import { type AnchorUsage, anchorUsage, usageOf } from './anchor-usage.ts'
import { EXIT, exitWith, print, printError, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, configFile, withConfig, withJson } from './options.ts'

export function registerAnchorList(anchor: Command): void {
  withJson(withConfig(anchor.command('list').description('the configured trust anchors'))).action(list)
}

interface Listed {
  readonly anchor: Anchor
  readonly source: AnchorConfig
  readonly usage: AnchorUsage | undefined
}

async function list(options: ConfigOption & JsonOption): Promise<void> {
  const { anchors: sources } = loadTrust({ file: configFile(options), env: process.env }).client
  const usage = await anchorUsage(options)
  const listed = sources.flatMap((source) =>
    loaded(source).map((anchor) => ({ anchor, source, usage: usageOf(usage, anchor.fingerprint) })),
  )
  if (options.json === true) return printJson(listed.map(facts))
  print(listed.map((one) => anchorText(one.anchor, rows(one))).join('\n\n'))
  if (!listed.some(({ anchor }) => anchor.state === 'active' && anchor.known?.current === true))
    print(
      "\nNone of the active ones is Meta's current root: what Meta sends today would be refused. See certs/README.md, then `hubgate anchor add FILE --write`.",
    )
}

function loaded(source: AnchorConfig): readonly Anchor[] {
  try {
    return loadAnchors(source, new Date())
  } catch (error) {
    printError(`anchor ${source.name}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    exitWith(EXIT.wanting)
    return []
  }
}

function facts({ anchor, source, usage }: Listed) {
  const { name, ...certificate } = anchorFacts(anchor)
  return {
    name,
    state: anchor.state,
    from: source.from?.toISOString() ?? null,
    until: source.until?.toISOString() ?? null,
    // Null: nobody told.
    uses: usage?.uses ?? null,
    lastUsed: usage?.lastUsed?.toISOString() ?? null,
    wouldAdmit: usage?.wouldAdmit ?? null,
    ...certificate,
  }
}

function rows({ anchor, source, usage }: Listed): readonly Row[] {
  return [
    ['state', stateText(anchor, source)],
    ['used', usage === undefined ? 'not known: no gateway tells' : useText(usage)],
  ]
}

// Where a date decided, it is the date that has to be known.
function stateText({ state }: Anchor, { from, until }: AnchorConfig): string {
  if (state === 'staged' && from !== undefined) return `staged, active from ${shown(from)}`
  if (state === 'retired' && until !== undefined) return `retired since ${shown(until)}`
  return until === undefined ? state : `${state} until ${shown(until)}`
}

function useText({ uses, lastUsed, wouldAdmit }: AnchorUsage): string {
  const refused = wouldAdmit === 0 ? '' : `; refused clients that it would admit: ${wouldAdmit}`
  if (lastUsed === undefined) return `never${refused}`
  return `${uses} times, last at ${lastUsed.toISOString().slice(0, 19)}Z${refused}`
}

function shown(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z').replace('T00:00:00Z', '')
}
