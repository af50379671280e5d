// Real HAProxy and real nginx as load balancers that pass TCP on behind a PROXY header of their own making.
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { PATH, Running } from './programs.ts'

export interface StreamProxy {
  /** What it said so far. */
  readonly said: () => string
  readonly stop: () => Promise<void>
}

export interface StreamProxyOptions {
  readonly program: 'haproxy' | 'nginx'
  readonly config: (directory: string) => string
  /** Waited for until it accepts. */
  readonly port: number
  readonly files?: Readonly<Record<string, string>>
}

/** @throws with what it said where it does not come to accept. */
export async function startStreamProxy(options: StreamProxyOptions): Promise<StreamProxy> {
  const { program, config, port, files = {} } = options
  const directory = await mkdtemp(join(tmpdir(), `hubgate-${program}-`))
  for (const [name, text] of Object.entries({ ...files, config: config(directory) }))
    await writeFile(join(directory, name), text)
  const file = join(directory, 'config')
  const running = new Running(
    program,
    program === 'nginx' ? ['-e', 'stderr', '-c', file] : ['-db', '-f', file],
  )
  const proxy = {
    said: () => running.said,
    stop: async () => {
      running.kill()
      await running.ended
      await rm(directory, { recursive: true, force: true })
    },
  }
  let ended = false
  void running.ended.then(() => (ended = true))
  for (let i = 0; i < 500; i++) {
    if (await accepts(port)) return proxy
    if (ended) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await proxy.stop()
  throw new Error(`${program} does not accept: ${running.said}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.resetAndDestroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

/** The line that loads nginx' stream module, empty where it is built in; undefined where there is none. */
export function nginxStream(): string | undefined {
  if (existsSync(STREAM_MODULE)) return `load_module ${STREAM_MODULE};`
  const { stderr } = spawnSync('nginx', ['-V'], { env: { ...process.env, PATH }, encoding: 'utf8' })
  return / --with-stream(?: |$)/m.test(stderr ?? '') ? '' : undefined
}

/** `it`, or a skipped one where nginx cannot pass TCP on. @throws where it cannot and CI is set. */
export function itWithNginxStream(): typeof it | typeof it.skip {
  if (nginxStream() !== undefined) return it
  if (process.env['CI'] !== undefined) throw new Error("nginx' stream module is missing, and CI is set")
  console.warn("nginx' stream module is missing: its tests are skipped")
  return it.skip
}
