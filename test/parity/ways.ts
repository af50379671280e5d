// Every way in, running: the gateway behind it, and a door for clients. Real nginx and HAProxy, the others emulated.
import type { Config } from '../../src/config/config.ts'
import { WAYS, type Way } from '../../src/fronts/differences.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { Dial } from '../../src/lab/dial.ts'
import { exchange } from '../../src/lab/exchange.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import { startBehind } from '../support/behind.ts'
import { FRONT_NAMES, type FrontName, WITH_CHAIN, startFronted } from '../support/front-sender.ts'
import { only } from '../support/identity.ts'
import { until } from '../support/routes.ts'
import { delivery } from '../support/sender.ts'
import { type World, fileAnchor, pki, startWorld } from '../support/world.ts'
import { type Authorities, oddAnchors } from '../tls/cases/case.ts'
import { type Client, FRONT_ADDRESS, startEmulated, withFieldsOf, withProxyHeader } from './emulated.ts'

export interface RunningWay {
  readonly world: World
  readonly consumer: Consumer
  /** How this client gets in. */
  readonly door: (client: Client & { readonly identity: ClientIdentity | undefined }) => Dial
  readonly end: () => Promise<void>
}

const ENDS_TLS: ReadonlySet<Way> = new Set(['direct', 'haproxy-pass', 'balancer'])

export const WAY_NAMES = Object.keys(WAYS).filter((name): name is Way => name in WAYS)

const odd = oddAnchors()
const ANCHORS = { expired: odd.expired, future: odd.future, 'twin-1': odd.twins[0], 'twin-2': odd.twins[1] }

export async function authorities(): Promise<Authorities> {
  const { meta, digicert } = await pki()
  return { meta, digicert, odd }
}

const FILES = {
  'list.txt': '127.0.0.1/32\n127.0.16.0/20\n31.13.64.0/18\n2a03:2880::/32\n',
  ...Object.fromEntries(
    Object.entries(ANCHORS).map(([name, { certificate }]) => [`${name}.pem`, certificate]),
  ),
}

function withAnchors(config: Config): Config {
  const anchors = Object.keys(ANCHORS).map((name) => fileAnchor(name, `${config.state}/${name}.pem`))
  return { ...config, client: { ...config.client, anchors: [...config.client.anchors, ...anchors] } }
}

/** Nothing that came of its start is recorded later. */
export async function startWay(name: Way): Promise<RunningWay> {
  const way = await started(name)
  const { client: identity } = await pki()
  await exchange({ dial: way.door({ identity, address: '127.0.0.1' }), steps: [delivery()] })
  // HAProxy and nginx keep connections to a gateway that has no TLS.
  if (ENDS_TLS.has(name)) await until(() => way.world.gateway.load.connections === 0, 'all is quiet')
  return way
}

function started(way: Way): Promise<RunningWay> {
  if (way === 'nginx' || way === 'haproxy' || way === 'haproxy-pass') return startReal(way)
  return isFront(way) ? startPlayed(way) : startOwn(way)
}

async function startReal(way: 'nginx' | 'haproxy' | 'haproxy-pass'): Promise<RunningWay> {
  const { world, consumer, proxy, end } = await startBehind(
    way,
    (config) => withAnchors(asOthers(config)),
    FILES,
  )
  return { world, consumer, door: doorOf(world, proxy.port), end }
}

// Without the certificate for the consumer, which would need room for it in its own head.
function asOthers(config: Config): Config {
  return { ...config, routes: config.routes.map((route) => ({ ...route, clientCert: false })) }
}

async function startOwn(way: Way): Promise<RunningWay> {
  const proxied = { proxyProtocol: 'required', trustedPeers: [`${FRONT_ADDRESS}/32`] } as const
  const consumer = await startConsumer({ secret: CANARY_SECRET })
  const world = await startWorld({
    upstream: consumer.url,
    files: FILES,
    change: (config) =>
      withAnchors(way === 'direct' ? config : { ...config, listen: { ...config.listen, ...proxied } }),
  })
  const end = async () => {
    await world.end()
    await consumer.close()
  }
  if (way === 'direct') return { world, consumer, door: doorOf(world, world.port), end }
  const emulated = await startEmulated(world.port, withProxyHeader)
  return {
    world,
    consumer,
    door: (client) => {
      emulated.plays(client)
      return doorOf(world, emulated.port)({ ...client, address: '127.0.0.1' })
    },
    end: async () => {
      emulated.close()
      await end()
    },
  }
}

async function startPlayed(way: FrontName): Promise<RunningWay> {
  const consumer = await startConsumer({ secret: CANARY_SECRET })
  const [intermediate] = (await pki()).digicert.intermediates
  const world = await startFronted(way, {
    upstream: consumer.url,
    files: { ...FILES, 'intermediate.pem': intermediate?.certificate ?? '' },
    change: (config) => ({
      ...withAnchors(WITH_CHAIN.includes(way) ? config : withIntermediate(config)),
      listen: { ...config.listen, trustedPeers: [`${FRONT_ADDRESS}/32`] },
    }),
  })
  const emulated = await startEmulated(world.port, withFieldsOf(way))
  return {
    world,
    consumer,
    door: (client) => {
      emulated.plays(client)
      return { host: '127.0.0.1', port: emulated.port, tls: false }
    },
    end: async () => {
      emulated.close()
      await world.end()
      await consumer.close()
    },
  }
}

function withIntermediate(config: Config): Config {
  const anchor = fileAnchor('digicert-intermediate', `${config.state}/intermediate.pem`)
  return { ...config, client: { ...config.client, anchors: [...config.client.anchors, anchor] } }
}

function doorOf({ pki: { server } }: World, port: number): RunningWay['door'] {
  return ({ identity, address }) => ({
    host: '127.0.0.1',
    port,
    localAddress: address,
    ca: server.certificate,
    tls: only('TLSv1.3'),
    ...(identity === undefined ? {} : { identity }),
  })
}

function isFront(way: Way): way is FrontName {
  return FRONT_NAMES.some((name) => name === way)
}
