// Real nginx and HAProxy load the exported files and decide a thousand addresses as we do. The address is a PROXY header's,
// so the lines of their configurations are those that docs/allowlist.md gives.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Format, exportList } from '../../src/allowlist/exports.ts'
import { Running, itWith } from '../support/programs.ts'
import { type Asked, LIST, askedAddresses } from './exports-addresses.ts'

const ASKED = askedAddresses(1_000)

const started: { stop: () => Promise<void> }[] = []
afterAll(() => Promise.all(started.map(({ stop }) => stop())))

interface Proxy {
  readonly program: 'nginx' | 'haproxy'
  readonly format: Format
  readonly config: (directory: string) => string
  readonly args: (config: string) => readonly string[]
}

const NGINX: Proxy = {
  program: 'nginx',
  format: 'nginx',
  config: (directory) => `
daemon off;
master_process off;
pid ${directory}/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${directory}/a; proxy_temp_path ${directory}/b; fastcgi_temp_path ${directory}/c;
  uwsgi_temp_path ${directory}/d; scgi_temp_path ${directory}/e;
  geo $from_meta { default 0; include ${directory}/list; }
  server {
    listen unix:${directory}/socket proxy_protocol;
    set_real_ip_from unix:;
    real_ip_header proxy_protocol;
    if ($from_meta = 0) { return 403; }
    return 200;
  }
}
`,
  args: (config) => ['-e', 'stderr', '-c', config],
}

const HAPROXY: Proxy = {
  program: 'haproxy',
  format: 'haproxy',
  config: (directory) => `
global
  maxconn 200
defaults
  mode http
  timeout client 20s
  timeout connect 5s
  timeout server 5s
frontend meta
  bind unix@${directory}/socket accept-proxy
  acl from_meta src -f ${directory}/list
  http-request deny unless from_meta
  http-request return status 200
`,
  args: (config) => ['-db', '-f', config],
}

/** @returns what it answers to a request from that address: 200 or 403. */
type Ask = (asked: Pick<Asked, 'address' | 'family'>) => Promise<number>

async function start({ program, format, config, args }: Proxy): Promise<Ask> {
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-export-'))
  await writeFile(join(directory, 'list'), exportList(LIST, format))
  await writeFile(join(directory, 'config'), config(directory))
  const running = new Running(program, args(join(directory, 'config')))
  const stop = async () => {
    running.kill()
    await running.ended
    await rm(directory, { recursive: true, force: true })
  }
  started.push({ stop })
  const ask: Ask = (asked) => statusOf(join(directory, 'socket'), asked)
  await firstAnswer(ask, running)
  return ask
}

async function firstAnswer(ask: Ask, running: Running): Promise<void> {
  let ended = false
  void running.ended.then(() => (ended = true))
  for (let i = 0; i < 500; i++) {
    const status = await ask({ address: '127.0.0.1', family: 4 }).catch(() => 0)
    if (status === 403) return
    if (ended) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`it does not answer: ${running.said}`)
}

function statusOf(path: string, { address, family }: Pick<Asked, 'address' | 'family'>): Promise<number> {
  const local = family === 4 ? '127.0.0.1' : '::1'
  return new Promise((resolve, reject) => {
    const socket = connect({ path })
    let answer = ''
    socket.setEncoding('latin1').setTimeout(15_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (text: string) => (answer += text))
    socket.once('error', reject)
    socket.once('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)))
    socket.write(
      `PROXY TCP${family} ${address} ${local} 40000 443\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
  })
}

/** The addresses about which it thinks otherwise. */
async function disagreements(ask: Ask, asked: readonly Asked[]): Promise<string[]> {
  const found: string[] = []
  const queue = [...asked]
  const work = async () => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const status = await ask(one)
      if (status !== (one.admitted ? 200 : 403)) found.push(`${one.address}: ${status}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return found
}

it('a thousand addresses are asked, of both families and both verdicts', () => {
  const count = (family: number, admitted: boolean) =>
    ASKED.filter((asked) => asked.family === family && asked.admitted === admitted).length
  expect(ASKED.length).toBeGreaterThan(950)
  for (const family of [4, 6])
    for (const admitted of [true, false]) expect(count(family, admitted)).toBeGreaterThan(80)
})

describe.each([NGINX, HAPROXY])('$program', (proxy) => {
  itWith(proxy.program)('decides a thousand addresses as we do', async () => {
    const ask = await start(proxy)
    expect(await disagreements(ask, ASKED)).toEqual([])
    // An IPv4-mapped address is its IPv4 address to each of us.
    expect(await ask({ address: '::ffff:157.240.1.1', family: 6 })).toBe(200)
    expect(await ask({ address: '::ffff:1.1.1.1', family: 6 })).toBe(403)
  })
})

describe('haproxy', () => {
  // HAProxy's v6tov4(); docs/allowlist.md says it.
  itWith('haproxy')('takes 6to4 and IPv4-compatible addresses for IPv4, which we do not', async () => {
    const ask = await start(HAPROXY)
    expect(await ask({ address: '2002:9df0:101::1', family: 6 })).toBe(200)
    expect(await ask({ address: '2002:c0a8:101::1', family: 6 })).toBe(403)
  })
})
