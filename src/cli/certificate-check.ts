// `hubgate certificate check`: our own certificates as Meta sees them, before Meta does. Exit 3 where deliveries would
// not come. Nothing listens and nothing is sent for it.
import type { Command } from 'commander'
import { placed } from '../config/load.ts'
import { ConfigError, type Problem } from '../config/problem.ts'
import { type Warning, prepareTerms } from '../gateway/prepare-identity.ts'
import { type CertificateView, viewsOf } from './certificate-view.ts'
import { EXIT, exitWith, print, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, configFile, loadMeant, withConfig, withJson } from './options.ts'

export function registerCertificateCheck(certificate: Command): void {
  withJson(withConfig(certificate.command('check')))
    .description('look at the configured certificates as Meta sees them: names, time, chain, trust')
    .action(check)
}

async function check(options: ConfigOption & JsonOption): Promise<void> {
  const { config, locate } = loadMeant(options)
  const problems: Problem[] = []
  // Who may be a client makes no difference to what a client sees.
  const terms = await prepareTerms(config, [], problems)
  if (terms === undefined) throw new ConfigError(placed(problems, locate), configFile(options))
  const views = await viewsOf(terms, new Date())
  if (options.json === true) printJson(views)
  else print(views.map(textOf).join('\n\n'))
  if (views.some((view) => view.problems.length > 0)) exitWith(EXIT.wanting)
}

function textOf(view: CertificateView): string {
  const { daysLeft } = view
  const left = daysLeft < 0 ? 'expired' : `${daysLeft} days left`
  const rows = [
    ['names', view.names.join(', ') || 'none'],
    ['valid', `${view.notBefore} to ${view.notAfter} (${left})`],
    ['key', view.key],
    ...view.chain.map((subject, i) => [i === 0 ? 'chain' : '', subject] as const),
    ['complete', view.complete ? 'yes' : 'no'],
    ['trusted', view.publiclyTrusted ? 'yes, by the public roots that come with Node' : 'no'],
    ...view.problems.map((problem) => ['wanting', sentence(problem)] as const),
    ...view.notes.map((note) => ['note', sentence(note)] as const),
  ] as const
  return [view.setting, ...rows.map(([label, value]) => `  ${label.padEnd(9)} ${value}`)].join('\n')
}

function sentence({ message, hint }: Warning): string {
  return hint === undefined ? message : `${message} — ${hint}`
}
