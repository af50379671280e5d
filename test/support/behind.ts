// A gateway on a Unix socket that believes what one front says, and that front in front of it: real nginx or HAProxy.
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { startHaproxy } from './haproxy.ts'
import { type ProxyInFront, startNginx } from './nginx.ts'
import type { Reachable } from './sender.ts'
import { type World, fileAnchor, pki, startWorld } from './world.ts'

/** `haproxy-pass`: TLS passed through. */
export type RealFront = 'nginx' | 'haproxy' | 'haproxy-pass'

export interface Behind {
  readonly world: World
  readonly consumer: Consumer
  readonly proxy: ProxyInFront
  /** The front, for senders. */
  readonly reachable: Reachable
  readonly end: () => Promise<void>
}

/** In the allow-list, so that it is refused for something else; 127.0.0.2 is not. */
export async function startBehind(
  front: RealFront,
  change: (config: Config) => Config = (config) => config,
  files: Readonly<Record<string, string>> = {},
): Promise<Behind> {
  const consumer = await startConsumer({ secret: CANARY_SECRET })
  const [intermediate] = (await pki()).digicert.intermediates
  const world = await startWorld({
    upstream: `${consumer.url}/hooks`,
    route: { clientCert: true },
    files: { 'intermediate.pem': intermediate?.certificate ?? '', ...files },
    change: (config) => change(onSocket(front, withIntermediate(front, config))),
  })
  const proxy = await (front === 'nginx' ? startNginx : startHaproxy)({ config: world.config })
  const end = async () => {
    await proxy.end()
    await world.end()
    await consumer.close()
  }
  return { world, consumer, proxy, reachable: { port: proxy.port, pki: world.pki }, end }
}

// nginx passes on the leaf alone.
function withIntermediate(front: RealFront, config: Config): Config {
  const anchor = fileAnchor('digicert-intermediate', join(config.state, 'intermediate.pem'))
  // HAProxy takes two file descriptors a connection before it starts.
  const limits = { ...config.limits, connections: 500 }
  if (front !== 'nginx') return { ...config, limits }
  return { ...config, limits, client: { ...config.client, anchors: [...config.client.anchors, anchor] } }
}

/** The settings of a gateway that this front reaches by a Unix socket. */
export function onSocket(front: RealFront, config: Config): Config {
  const listen = {
    ...config.listen,
    address: [{ kind: 'unix', path: join(config.state, 'hubgate.sock') }],
    trustedPeers: ['unix'],
  } as const
  return front === 'haproxy-pass'
    ? { ...config, listen: { ...listen, proxyProtocol: 'required' } }
    : { ...config, tls: undefined, listen: { ...listen, front } }
}
