// CPU time and memory of a process and all its descendants, as the kernel knows them: workers and threads count, whatever they run.
import { readFileSync, readdirSync } from 'node:fs'

/** Whether this system tells: only Linux does. */
export const TELLS = process.platform === 'linux'

/** Microseconds of CPU time so far. */
export function cpuOf(root: number): number {
  return (
    treeOf(root).reduce((sum, pid) => sum + threadsOf(pid).reduce((all, file) => all + runTime(file), 0), 0) /
    1_000
  )
}

/** Bytes: what the processes have for themselves, and once what they share. It does not depend on who else runs the same program. */
export function memoryOf(root: number): number {
  const sizes = treeOf(root).map((pid) => text(`/proc/${pid}/smaps_rollup`))
  const own = sizes.reduce((sum, one) => sum + kilobytes(one, 'Private'), 0)
  return (own + Math.max(...sizes.map((one) => kilobytes(one, 'Shared')))) * 1024
}

/** Bytes that are resident, what is shared included each time. */
export function residentOf(root: number): number {
  const kilobytesOf = (pid: number) =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(text(`/proc/${pid}/status`))?.[1] ?? 0)
  return treeOf(root).reduce((sum, pid) => sum + kilobytesOf(pid), 0) * 1024
}

/** Files, sockets and whatever else has a descriptor. */
export function descriptorsOf(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + namesIn(`/proc/${pid}/fd`).length, 0)
}

export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // Behind the name, which may hold anything: the state, then the parent.
    const parent = Number(/.*\) \S (\d+)/s.exec(text(`/proc/${name}/stat`))?.[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

function threadsOf(pid: number): string[] {
  return namesIn(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/schedstat`)
}

/** None where it has just ended. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Nanoseconds on a core. */
function runTime(file: string): number {
  return Number(text(file).split(' ')[0])
}

function kilobytes(rollup: string, kind: 'Private' | 'Shared'): number {
  const found = rollup.matchAll(/^(Private|Shared)_(?:Clean|Dirty): +(\d+) kB$/gm)
  return [...found].reduce((sum, [, which, size]) => sum + (which === kind ? Number(size) : 0), 0)
}

/** Empty where it has just ended. */
function text(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
