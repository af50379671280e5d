// `hubgate serve` as a process of its own, in front of a site: its signals, what it says, what it answers, how it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { keepOutput } from '../canary.ts'
import { HUBGATE } from './hubgate.ts'
import { type Site, type SiteOptions, WORKERS, makeSite } from './site.ts'
import type { Pki } from './world.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Served {
  readonly site: Site
  readonly pki: Pki
  readonly port: number
  readonly pid: number
  readonly stdout: () => string
  /** Resolves when a line on standard output fits, the first time or the n-th. @throws where it ends before. */
  readonly says: (pattern: RegExp, times?: number) => Promise<void>
  readonly signal: (name: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
  readonly isRunning: () => boolean
  /** Asks the admin listener. */
  readonly ask: (path: string, method?: string) => Promise<{ status: number; body: string }>
  /** Kills what still runs, and removes the site. */
  readonly end: () => Promise<void>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Starts it in front of a site of its own, or of one that is there, and waits until it listens. */
export async function serve(options: SiteOptions & { readonly site?: Site }): Promise<Served> {
  const site = options.site ?? (await makeSite({ workers: WORKERS, ...options }))
  const { child, ended, output } = start(site)
  const says = sayer(child, output)
  await says(/"hubgate\.started"/)
  const port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(output.stdout)?.[1])
  return {
    site,
    pki: site.pki,
    port,
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    says,
    signal: (name) => void child.kill(name),
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    ask: (path, method = 'GET') => ask(site, { path, method }),
    end: async () => {
      child.kill('SIGKILL')
      await ended
      site.remove()
    },
  }
}

/** Starts it where it is not expected to serve, and waits for its end. */
export function serveInVain(site: Site): Promise<Ended> {
  return start(site).ended
}

interface Output {
  stdout: string
  stderr: string
}

function start(site: Site): { child: ChildProcess; ended: Promise<Ended>; output: Output } {
  const [program = '', ...first] = HUBGATE
  const child = spawn(program, [...first, 'serve', '-c', site.file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      keepOutput('serve', output.stdout + output.stderr)
      resolve({ code, signal, ...output })
    })
  })
  return { child, ended, output }
}

function sayer(child: ChildProcess, output: Output) {
  const occurrences = (pattern: RegExp) =>
    output.stdout.split('\n').filter((line) => pattern.test(line)).length
  return (pattern: RegExp, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (occurrences(pattern) >= times) done(resolve)
      }
      const over = () =>
        done(() => reject(new Error(`ended, and never said ${pattern}: ${output.stdout}${output.stderr}`)))
      const timer = setTimeout(
        () => done(() => reject(new Error(`never said ${pattern}: ${output.stdout}`))),
        20_000,
      )
      const done = (settle: () => void) => {
        clearTimeout(timer)
        child.stdout?.off('data', look)
        child.off('close', over)
        settle()
      }
      child.stdout?.on('data', look)
      child.once('close', over)
      look()
    })
}

function ask(
  { adminSocket }: Site,
  { path, method }: { path: string; method: string },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { socketPath: adminSocket, path, method, agent: false, headers: { host: 'localhost' } },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    )
    asking.on('error', reject)
    asking.end()
  })
}
