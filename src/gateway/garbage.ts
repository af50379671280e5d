// Asking V8 to collect garbage. Node offers that only behind `--expose-gc`, which is set and taken back at run time; where it cannot
// be had, V8's own collections do.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: Readonly<Record<string, string>>) => void

let known: Collect | undefined

/** Young objects alone, in a moment: what was received and is copied is among them. */
export function collectYoung(): void {
  known ??= collector()
  known({ type: 'minor' })
}

/** Everything, and its memory is given back, in some hundredths of a second: for what a start leaves behind. */
export function collectStart(): void {
  known ??= collector()
  known({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

function collector(): Collect {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
  setFlagsFromString('--no-expose-gc')
  return typeof gc === 'function' ? (how) => void gc(how) : () => {}
}
