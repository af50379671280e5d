// Makes a script smaller while it still shows what it shows: steps are dropped, then pieces of bytes.
import type { Script, Step } from './script.ts'

const MOST_TRIES = 2_000

export async function shrunk(script: Script, shows: (script: Script) => Promise<boolean>): Promise<Script> {
  let best = script
  let tries = 0
  const better = async (steps: readonly Step[]) => {
    if (++tries > MOST_TRIES || !(await shows({ ...best, steps }))) return false
    best = { ...best, steps }
    return true
  }
  for (let i = 0; i < best.steps.length;) {
    if (!(await better(best.steps.toSpliced(i, 1)))) i++
  }
  for (let i = 0; i < best.steps.length; i++) {
    for (let size = 256; size >= 1; size = Math.floor(size / 4)) {
      for (let at = 0; at < lengthOf(best.steps[i]);) {
        const step = best.steps[i]
        if (step?.do !== 'send') break
        const bytes = Buffer.concat([step.bytes.subarray(0, at), step.bytes.subarray(at + size)])
        if (!(await better(best.steps.with(i, { ...step, bytes })))) at += size
      }
    }
  }
  return best
}

function lengthOf(step: Step | undefined): number {
  return step?.do === 'send' ? step.bytes.length : 0
}
