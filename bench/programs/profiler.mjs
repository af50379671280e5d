// Loaded into a running program when its benchmark asks for it: V8's sampling profiler, switched on and off again, so that no start-up is
// in what it finds. Plain JavaScript, as all that runs inside what is measured.
import { readFileSync, readdirSync } from 'node:fs'
import { Session } from 'node:inspector'

const TASKS = '/proc/self/task'

let session
let before

/** @param interval microseconds between two samples */
export function begin({ interval }) {
  session = new Session()
  session.connect()
  post('Profiler.enable')
  post('Profiler.setSamplingInterval', { interval })
  post('Profiler.start')
  before = threads()
}

/** What it found since, and what CPU time each thread had in between. */
export function end() {
  const after = threads()
  const { profile } = post('Profiler.stop')
  session.disconnect()
  return {
    profile,
    threads: [...after].map(([id, { name, cpu, delayed }]) => ({
      name,
      isMain: id === `${process.pid}`,
      cpu: cpu - (before.get(id)?.cpu ?? 0),
      delayed: delayed - (before.get(id)?.delayed ?? 0),
    })),
  }
}

/** A session of a thread with itself answers at once. */
function post(method, given) {
  let answer
  session.post(method, given, (error, result) => {
    if (error !== null) throw new Error(error.message)
    answer = result
  })
  return answer
}

/** By their ids. Microseconds on a core, and of waiting for one. */
function threads() {
  const found = new Map()
  for (const id of readdirSync(TASKS)) {
    const text = (file) => readFileSync(`${TASKS}/${id}/${file}`, 'latin1')
    try {
      const [cpu, delayed] = text('schedstat').split(' ')
      found.set(id, { name: text('comm').trim(), cpu: cpu / 1_000, delayed: delayed / 1_000 })
    } catch {
      // It has just ended.
    }
  }
  return found
}
