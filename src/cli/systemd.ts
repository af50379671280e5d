// What systemd wants to hear of a service of Type=notify (sd_notify(3)): ready, reloading, stopping, alive, one line of status.
// Without NOTIFY_SOCKET nothing happens. Node cannot send to its kind of socket: systemd's own program does.
import { execFile } from 'node:child_process'

export interface ServiceManager {
  readonly ready: (status: string) => void
  readonly reloading: () => void
  /** Resolves when it was heard, or could not be. */
  readonly stopping: (status: string) => Promise<void>
  /** From now on: as often as systemd asks for, says that we are alive, while `healthy` and the event loop agree. @returns how to stop. */
  readonly watch: (healthy: () => boolean) => () => void
}

const PROGRAM = 'systemd-notify'
// It waits for systemd to take the message, itself for 5 s at most.
const TIMEOUT_MS = 10_000
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']

const NOTHING = () => {}
const NOBODY: ServiceManager = {
  ready: NOTHING,
  reloading: NOTHING,
  stopping: () => Promise.resolve(),
  watch: () => NOTHING,
}

/** Takes the variables out of `env`, so that no child speaks for us. @param warn hears, once, why systemd hears nothing. */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  { pid, warn }: { readonly pid: number; readonly warn: (problem: string) => void },
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: watched, PATH = '' } = env
  for (const name of VARIABLES) delete env[name]
  if (socket === undefined || socket === '') return NOBODY
  const send = sender({ NOTIFY_SOCKET: socket, PATH }, warn)
  const period = watched === undefined || watched === String(pid) ? Number(microseconds) / 1_000 : 0
  return {
    ready: (status) => void send('READY=1', `STATUS=${oneLine(status)}`),
    // Type=notify-reload wants to know since when: the clock is the one that systemd uses.
    reloading: () => void send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`),
    stopping: (status) => send('STOPPING=1', `STATUS=${oneLine(status)}`),
    watch: (healthy) => {
      if (!(period >= 2)) return NOTHING
      const beat = () => {
        if (healthy()) void send('WATCHDOG=1')
      }
      const timer = setInterval(beat, period / 2).unref()
      return () => clearInterval(timer)
    },
  }
}

type Send = (...assignments: readonly string[]) => Promise<void>

// One after another: READY must not overtake the RELOADING before it. The program gets no more of the environment than it needs.
function sender(env: NodeJS.ProcessEnv, warn: (problem: string) => void): Send {
  let queue: Promise<void> = Promise.resolve()
  let warned = false
  const tell = async (before: Promise<void>, assignments: readonly string[]) => {
    await before
    const problem = await told(assignments, env)
    if (problem === undefined || warned) return
    warned = true
    warn(problem)
  }
  return (...assignments) => {
    queue = tell(queue, assignments)
    return queue
  }
}

function told(assignments: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(PROGRAM, [...assignments], { env, timeout: TIMEOUT_MS }, (error) => {
      if (error === null) resolve(undefined)
      else if (error.code === 'ENOENT')
        resolve(`systemd waits to hear from us, and there is no ${PROGRAM}: install systemd's own tools`)
      else resolve(`systemd could not be told ${assignments[0] ?? ''}: ${oneLine(error.message)}`)
    })
  })
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200)
}
