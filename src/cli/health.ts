// `hubgate health [--live]`: whether the running gateway is ready for deliveries (0) or not (3); unreachable is 1.
import type { Command } from 'commander'
import { askAdmin } from './admin-client.ts'
import { adminSection } from './admin-section.ts'
import { EXIT, exitWith, print, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, withConfig, withJson } from './options.ts'
import { visible } from '../observe/text.ts'

interface HealthOptions extends ConfigOption, JsonOption {
  readonly live?: boolean
}

const TIMEOUT_MS = 5_000

export function registerHealth(program: Command): void {
  withJson(withConfig(program.command('health')))
    .description('ask the running gateway whether it is ready: 0 or 3')
    .option('--live', 'only whether it works at all')
    .action(async (options: HealthOptions) => {
      const path = options.live === true ? '/livez' : '/readyz'
      const { status, value } = await askAdmin(adminSection(options), {
        method: 'GET',
        path,
        timeout: TIMEOUT_MS,
      })
      if (options.json === true) printJson(value)
      else say(status === 200, value, options)
      exitWith(status === 200 ? EXIT.done : EXIT.wanting)
    })
}

function say(good: boolean, value: unknown, { live }: HealthOptions): void {
  print(`${good ? '' : 'not '}${live === true ? 'live' : 'ready'}`)
  for (const line of checkLines(value)) print(`  ${visible(line)}`)
}

function checkLines(value: unknown): string[] {
  const checks: unknown = value instanceof Object && 'checks' in value ? value.checks : []
  if (!Array.isArray(checks)) return []
  return checks.flatMap((check: unknown) => {
    if (!(check instanceof Object && 'name' in check && 'ok' in check)) return []
    const detail = 'detail' in check ? String(check.detail) : ''
    return [`${check.ok === true ? 'ok ' : 'NO '} ${String(check.name).padEnd(12)} ${detail}`.trimEnd()]
  })
}
