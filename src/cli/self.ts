// How this program is called, for the commands it prints.
import { basename } from 'node:path'
import { quoted } from '../domain/shell-word.ts'

/** Ready for a POSIX shell. */
export function self(): string {
  const script = process.argv[1] ?? 'hubgate'
  if (basename(script) === 'hubgate') return 'hubgate'
  return [process.execPath, ...process.execArgv, script].map(quoted).join(' ')
}

/** The very command that runs, with something more at its end. */
export function thisCommandWith(...more: readonly string[]): string {
  return [self(), ...[...process.argv.slice(2), ...more].map(quoted)].join(' ')
}
