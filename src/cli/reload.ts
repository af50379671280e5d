// `hubgate reload`: asks the running gateway to take over its configuration anew, and says what came of it (0 or 3).
import type { Command } from 'commander'
import { askAdmin } from './admin-client.ts'
import { adminSection } from './admin-section.ts'
import { CliError, EXIT, exitWith, print, printError, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, withConfig, withJson } from './options.ts'
import { visible } from '../observe/text.ts'

// Reading lists and certificates takes a moment on a busy machine; two reloads wait for one another.
const TIMEOUT_MS = 60_000

export function registerReload(program: Command): void {
  withJson(withConfig(program.command('reload')))
    .description('ask the running gateway to reload its configuration: taken 0, refused 3')
    .action(async (options: ConfigOption & JsonOption) => {
      const asked = { method: 'POST', path: '/api/reload', timeout: TIMEOUT_MS } as const
      const { status, value } = await askAdmin(adminSection(options), asked)
      if (status !== 200 && status !== 422)
        throw new CliError(`the gateway answered ${status}`, { hint: 'its log says why' })
      if (options.json === true) printJson(value)
      else if (status === 200) print(taken(value))
      else printError(refused(value), 'nothing was changed; `hubgate config check` says more')
      exitWith(status === 200 ? EXIT.done : EXIT.wanting)
    })
}

function taken(value: unknown): string {
  const changes = textsOf(value, 'changes')
  const closed = value instanceof Object && 'closed' in value ? Number(value.closed) : 0
  const lines = [
    `reloaded${changes.length === 0 ? ', nothing changed' : ''}`,
    ...changes.map((change) => `  ${change}`),
  ]
  if (closed > 0) lines.push(`  connections no longer welcome: ${closed}`)
  return lines.map(visible).join('\n')
}

function refused(value: unknown): string {
  const problems =
    value instanceof Object && 'problems' in value && Array.isArray(value.problems) ? value.problems : []
  const lines = problems.map((problem: unknown) =>
    ['setting', 'message', 'hint']
      .map((name) => memberOf(problem, name))
      .filter((text) => text !== '')
      .join('  '),
  )
  return ['the running gateway refused the configuration', ...lines.map((line) => `  ${visible(line)}`)].join(
    '\n',
  )
}

function textsOf(value: unknown, name: string): string[] {
  const found: unknown = value instanceof Object ? Reflect.get(value, name) : undefined
  return Array.isArray(found) ? found.map(String) : []
}

function memberOf(value: unknown, name: string): string {
  const found: unknown = value instanceof Object ? Reflect.get(value, name) : undefined
  return typeof found === 'string' ? found : ''
}
