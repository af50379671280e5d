// docs/refusals.md, made from the table in refusals.ts: what every code means and what to do next.
import { PHASES, REFUSALS, type RefusalRow } from './refusals.ts'

const INTRODUCTION = `# Refusals

<!-- Generated from src/domain/refusals.ts by \`npm run docs\`. Do not edit. -->

Everything hubgate says no with. The peer sees only the answer and the short reason; which code it was, and what exactly
was wrong, stands in the audit record, and the code is a label of the metrics.

*reset* and *close* are what happens to a connection on which no HTTP was read yet. *then close*: the connection ends after
the answer.`

/** The whole page. */
export function refusalsReference(): string {
  const rows: [string, RefusalRow][] = Object.entries(REFUSALS)
  const parts = PHASES.map((phase) => [phase, rows.filter(([, row]) => row.phase === phase)] as const)
    .filter(([, found]) => found.length > 0)
    .map(
      ([phase, found]) =>
        `## ${TITLES[phase]}\n\n| code | answer | reason | what it means, what to do |\n| --- | --- | --- | --- |\n${found.map(tableRow).join('\n')}`,
    )
  return `${[INTRODUCTION, ...parts].join('\n\n')}\n`
}

const TITLES: Readonly<Record<(typeof PHASES)[number], string>> = {
  connection: 'Connection',
  handshake: 'Handshake',
  identity: 'Identity',
  request: 'Request',
  body: 'Body',
  forward: 'Forward',
  done: 'At any time',
}

function tableRow([code, row]: [string, RefusalRow]): string {
  return `| \`${code}\` | ${answer(row)} | ${row.reason} | ${row.help.replaceAll('|', '\\|')} |`
}

function answer({ socket, status, close }: RefusalRow): string {
  const http =
    status === undefined ? undefined : `${status}${close && socket === undefined ? ', then close' : ''}`
  return [socket, http].filter((part) => part !== undefined).join(' / ') || 'none'
}
