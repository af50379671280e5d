// haproxy/hubgate.cfg or haproxy/passthrough.cfg, and envoy/hubgate.yaml, filled for one hubgate.yaml.
import type { Config } from '../config/config.ts'
import {
  type FrontOptions,
  type Planned,
  anchorsFor,
  bundleOf,
  demandNone,
  hopProblems,
  hostOf,
  listOf,
  plainPath,
  rootProblems,
  socketOf,
} from './front-plan.ts'
import { filled, template, time } from './front-template.ts'

const HAPROXY_PLACE = '/etc/haproxy/hubgate'
const ENVOY_PLACE = '/etc/envoy/hubgate'

/** TLS ended at HAProxy, or passed through where hubgate.yaml wants PROXY headers. */
export function planHaproxy(config: Config, options: FrontOptions): Planned {
  const { listen } = config
  return listen.front === 'direct' && listen.proxyProtocol === 'required'
    ? passedThrough(config, options)
    : ended(config, options)
}

function passedThrough(config: Config, { port }: FrontOptions): Planned {
  return {
    name: 'passthrough.cfg',
    text: filled(template('haproxy/passthrough.cfg'), {
      texts: [
        ['maxconn 10000', `maxconn ${config.limits.connections}`],
        ['bind :::443 ', `bind :::${port} `],
        ['unix@/run/hubgate/hubgate.sock', haproxyServer(config)],
      ],
    }),
    notes: ['TLS is passed through: hubgate checks everything itself, as it does alone'],
    files: () => Promise.resolve({}),
  }
}

function ended(config: Config, { place, port, certificate, key }: FrontOptions): Planned {
  const anchors = anchorsFor(config, ['active', 'staged'])
  demandNone(
    'HAProxy',
    [...hopProblems('haproxy', config), ...rootProblems('HAProxy', anchors)],
    'listen: { address: "unix:/run/hubgate/hubgate.sock", front: haproxy, trustedPeers: [unix] }, or proxyProtocol: required with front: direct to pass TLS through',
  )
  const { limits, sources } = config
  const own = (name: string) => plainPath(`${place}/${name}`)
  const enforced = sources.mode === 'enforce'
  const list = own('sources.lst')
  return {
    name: 'hubgate.cfg',
    text: filled(template('haproxy/hubgate.cfg'), {
      texts: [
        ['maxconn 10000', `maxconn ${limits.connections}`],
        [`${HAPROXY_PLACE}/server.pem`, plainPath(certificate ?? `${place}/server.pem`)],
        [`${HAPROXY_PLACE}/client-anchors.pem`, own('client-anchors.pem')],
        [`${HAPROXY_PLACE}/sources.lst`, list],
        ['tune.bufsize 65536', `tune.bufsize ${Math.max(65_536, 32_768 + 2 * limits.head)}`],
        ['bind :::443 ', `bind :::${port} `],
        ['timeout http-request 10s', `timeout http-request ${time(limits.headTimeout)}`],
        ['timeout http-keep-alive 75s', `timeout http-keep-alive ${time(limits.idleTimeout)}`],
        ['timeout client 30s', `timeout client ${time(limits.bodyTimeout)}`],
        ['timeout server 60s', `timeout server ${time(Math.max(60_000, slowest(config) + 10_000))}`],
        ['unix@/run/hubgate/hubgate.sock', haproxyServer(config)],
      ],
      blocks: {
        sources: enforced
          ? [
              `acl from_meta src -f ${list}`,
              ...sources.extra.map((prefix) => `acl from_meta src ${prefix}`),
              'tcp-request connection reject unless from_meta',
            ]
          : [`# sources.mode is ${sources.mode}: every address goes on to hubgate.`],
      },
    }),
    notes: [
      `${certificate ?? 'server.pem'} has to hold certificate, intermediates and key: cat fullchain.pem privkey.pem > server.pem`,
      ...(key === undefined
        ? []
        : ['--key is not used: HAProxy reads the key from the file of --certificate']),
      ...(enforced ? [] : [`sources.mode is ${sources.mode}: HAProxy lets every address through to hubgate`]),
    ],
    files: async () => ({
      'client-anchors.pem': bundleOf(anchors),
      ...(enforced ? { 'sources.lst': await listOf(config, 'haproxy') } : {}),
    }),
  }
}

function haproxyServer(config: Config): string {
  const socket = socketOf(config)
  return socket.kind === 'unix' ? `unix@${plainPath(socket.path)}` : `${hostOf(socket)}:${socket.port}`
}

/** @throws CliError where Envoy would not be its front. */
export function planEnvoy(config: Config, { place, port, certificate, key }: FrontOptions): Planned {
  const anchors = anchorsFor(config, ['active', 'staged'])
  demandNone(
    'Envoy',
    hopProblems('envoy', config),
    'listen: { address: "unix:/run/hubgate/hubgate.sock", front: envoy, trustedPeers: [unix] }',
  )
  const { limits, client } = config
  const socket = socketOf(config)
  const address =
    socket.kind === 'unix'
      ? `pipe: { path: ${plainPath(socket.path)} }`
      : `socket_address: { address: "${hostOf(socket).replaceAll(/[[\]]/g, '')}", port_value: ${socket.port} }`
  return {
    name: 'hubgate.yaml',
    text: filled(template('envoy/hubgate.yaml'), {
      texts: [
        ['port_value: 443,', `port_value: ${port},`],
        [`${ENVOY_PLACE}/fullchain.pem`, plainPath(certificate ?? `${place}/fullchain.pem`)],
        [`${ENVOY_PLACE}/privkey.pem`, plainPath(key ?? `${place}/privkey.pem`)],
        [`${ENVOY_PLACE}/client-anchors.pem`, plainPath(`${place}/client-anchors.pem`)],
        ['max_verify_depth: 2', `max_verify_depth: ${client.maxDepth - 1}`],
        ['max_request_headers_kb: 16', `max_request_headers_kb: ${Math.ceil(limits.head / 1024)}`],
        ['request_headers_timeout: 10s', `request_headers_timeout: ${seconds(limits.headTimeout)}`],
        ['idle_timeout: 75s', `idle_timeout: ${seconds(limits.idleTimeout)}`],
        ['timeout: 60s', `timeout: ${seconds(Math.max(60_000, slowest(config) + limits.bodyTimeout))}`],
        ['pipe: { path: /run/hubgate/hubgate.sock }', address],
      ],
    }),
    notes: ['hubgate’s own tests have no Envoy: try it with `envoy --mode validate` and `hubgate send`'],
    files: () => Promise.resolve({ 'client-anchors.pem': bundleOf(anchors) }),
  }
}

function slowest({ routes }: Config): number {
  return Math.max(...routes.map(({ timeout }) => timeout))
}

/** Protobuf's JSON has durations in seconds only. */
function seconds(milliseconds: number): string {
  return `${milliseconds / 1000}s`
}
