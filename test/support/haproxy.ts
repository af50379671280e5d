// Real HAProxy in front of a gateway, with exactly the configuration that `hubgate front haproxy` makes: TLS ended there, or passed
// through where the gateway wants PROXY headers.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { planHaproxy } from '../../src/cli/front-others.ts'
import type { Config } from '../../src/config/config.ts'
import type { ProxyInFront } from './nginx.ts'
import { closedPort } from './raw-upstream.ts'
import { startStreamProxy } from './stream-proxies.ts'

/** @param config the gateway's: it listens on a Unix socket. @throws with what HAProxy said where it does not start. */
export async function startHaproxy({ config }: { readonly config: Config }): Promise<ProxyInFront> {
  const port = await closedPort()
  const plan = (place: string) => planHaproxy(config, { place, port, certificate: undefined, key: undefined })
  const own = await Promise.all(
    ['server.pem', 'server.key'].map((name) => readFile(join(config.state, name), 'utf8')),
  )
  const proxy = await startStreamProxy({
    program: 'haproxy',
    port,
    files: { ...(await plan('/').files()), 'server.pem': own.join('\n') },
    // This machine may have no IPv6, and nobody else should reach the test.
    config: (place) => plan(place).text.replace(/bind :::(\d+) v4v6/, 'bind 127.0.0.1:$1'),
  })
  return { port, said: () => Promise.resolve(proxy.said()), end: () => proxy.stop() }
}
