// Real nginx in front of a gateway, or alone, with exactly the configuration that `hubgate front nginx` makes.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { planNginx, planStandalone } from '../../src/cli/front-nginx.ts'
import { closedPort } from './raw-upstream.ts'
import { type StreamProxy, startStreamProxy } from './stream-proxies.ts'

export interface ProxyInFront {
  readonly port: number
  /** Its access log and what it complained about, so far. */
  readonly said: () => Promise<string>
  readonly end: () => Promise<void>
}

export interface NginxOptions {
  /** The gateway's: it listens on a Unix socket, with `front: nginx`. */
  readonly config: Config
  readonly standalone?: boolean
  /** A last change of the text, such as a line that is a comment there. */
  readonly edit?: (text: string) => string
  /** In the place of the files that the configuration names. */
  readonly files?: Readonly<Record<string, string>>
}

/** With server.pem and server.key of the world's directory. @throws with what nginx said where it does not start. */
export async function startNginx(options: NginxOptions): Promise<ProxyInFront> {
  const { config, standalone = false, edit = (text) => text } = options
  const port = await closedPort()
  const plan = (place: string) =>
    (standalone ? planStandalone : planNginx)(config, {
      place,
      port,
      certificate: join(config.state, 'server.pem'),
      key: join(config.state, 'server.key'),
    })
  const files = { ...(await plan('/').files()), ...options.files }
  let directory = ''
  const proxy = await startStreamProxy({
    program: 'nginx',
    port,
    files,
    config: (place) => {
      directory = place
      return nginxMain(place, onLoopback(edit(plan(place).text), place))
    },
  })
  return { port, said: () => saidBy(proxy, directory), end: () => proxy.stop() }
}

/** What stands around a file of conf.d/. */
export function nginxMain(directory: string, text: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid ${directory}/pid;
error_log stderr;
events {}
http {
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  access_log off;
${text}
}
`
}

// This machine may have no IPv6, and nobody else should reach the test.
function onLoopback(text: string, directory: string): string {
  return text
    .replace(/ listen \[::\]:[^\n]*\n/, '\n')
    .replace(/ listen (\d+) /, ' listen 127.0.0.1:$1 ')
    .replaceAll('access_log /var/log/nginx/', `access_log ${directory}/`)
}

async function saidBy(proxy: StreamProxy, directory: string): Promise<string> {
  const logs = (await readdir(directory)).filter((name) => name.endsWith('.log'))
  const texts = await Promise.all(logs.map((name) => readFile(join(directory, name), 'utf8')))
  return [...texts, proxy.said()].join('')
}
