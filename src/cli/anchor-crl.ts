// `hubgate anchor crl refresh`: fetches the revocation lists that have an address, for cron, and says how each went.
// A running gateway notices the new lists by itself. Exit 3 where one could not be had or may not be used.
import type { Command } from 'commander'
import { loadTrust } from '../config/load.ts'
import { ConfigError, type Problem } from '../config/problem.ts'
import { isActive, prepareAnchors } from '../gateway/prepare-anchors.ts'
import { intermediatesOf, listAddresses, listDirectory } from '../gateway/prepare-revocation.ts'
import type { RefreshOutcome } from '../tls/crl-status.ts'
import { refreshLists } from '../tls/crl-store.ts'
import { EXIT, exitWith, print, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, configFile, withConfig, withJson } from './options.ts'

export function registerAnchorCrl(anchor: Command): void {
  const crl = anchor.command('crl').description('revocation lists of the trust anchors')
  withJson(withConfig(crl.command('refresh')))
    .description('fetch, check and store the revocation lists that have an address')
    .action(refresh)
}

async function refresh(options: ConfigOption & JsonOption): Promise<void> {
  const file = configFile(options)
  const trust = loadTrust({ file, env: process.env })
  const problems: Problem[] = []
  const now = new Date()
  const anchors = (await prepareAnchors(trust, problems, now)).filter(isActive)
  const intermediates = await intermediatesOf(trust, problems)
  if (problems.length > 0) throw new ConfigError(problems, file)
  const outcomes = await refreshLists({
    urls: listAddresses(trust, anchors),
    directory: listDirectory(trust),
    authorities: [...anchors.map(({ certificate }) => certificate), ...intermediates],
    now,
  })
  if (options.json === true) printJson(outcomes)
  else say(outcomes)
  if (outcomes.some(({ outcome }) => outcome === 'refused' || outcome === 'failed')) exitWith(EXIT.wanting)
}

function say(outcomes: readonly RefreshOutcome[]): void {
  if (outcomes.length === 0)
    print(
      'There is nothing to fetch: no active anchor names a distribution point, and client.revocation.urls is empty.',
    )
  for (const { url, outcome, message, hint } of outcomes)
    print(`${outcome.padEnd(9)} ${url}\n          ${message}${hint === undefined ? '' : ` — ${hint}`}`)
}
