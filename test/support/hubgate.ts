// How tests start the command line as a program: built where dist is current (npm test sees to that), which starts in a
// third of the time, else from the sources.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILT = join(ROOT, 'dist/cli/main.js')

/** A program and its first arguments. */
export const HUBGATE: readonly string[] = isCurrent()
  ? [process.execPath, BUILT]
  : [process.execPath, '--import', import.meta.resolve('tsx'), join(ROOT, 'src/cli/main.ts')]

function isCurrent(): boolean {
  if (!existsSync(BUILT)) return false
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  const built = statSync(BUILT).mtimeMs
  return sources.every((path) => statSync(join(ROOT, 'src', path)).mtimeMs <= built)
}
