// nginx/hubgate.conf and nginx/standalone.conf, filled for one hubgate.yaml.
import type { Config } from '../config/config.ts'
import {
  type FrontOptions,
  type Planned,
  anchorsFor,
  bundleOf,
  demandNone,
  hopProblems,
  hostOf,
  leafNotes,
  listOf,
  plainPath,
  rootProblems,
  socketOf,
} from './front-plan.ts'
import { nameExpression, standaloneBlocks, standaloneNotes, standaloneProblems } from './front-standalone.ts'
import { type Filling, filled, template, time } from './front-template.ts'

const PLACE = '/etc/nginx/hubgate'

/** hubgate behind nginx. @throws CliError where nginx would not be its front. */
export function planNginx(config: Config, options: FrontOptions): Planned {
  const anchors = anchorsFor(config, ['active', 'staged'])
  demandNone(
    'nginx',
    [...hopProblems('nginx', config), ...rootProblems('nginx', anchors)],
    'listen: { address: "unix:/run/hubgate/hubgate.sock", front: nginx, trustedPeers: [unix] }; or `--standalone` for nginx alone',
  )
  const { texts, blocks } = common(config, options)
  const socket = socketOf(config)
  const server =
    socket.kind === 'unix' ? `unix:${plainPath(socket.path)}` : `${hostOf(socket)}:${socket.port}`
  const slowest = Math.max(...config.routes.map(({ timeout }) => timeout))
  return {
    name: 'hubgate.conf',
    text: filled(template('nginx/hubgate.conf'), {
      texts: [
        ...texts,
        ['large_client_header_buffers 4 32768;', `large_client_header_buffers 4 ${2 * config.limits.head};`],
        ['server unix:/run/hubgate/hubgate.sock;', `server ${server};`],
        [
          '    keepalive_timeout 30s;',
          `    keepalive_timeout ${time(Math.min(30_000, Math.ceil(config.limits.idleTimeout / 2)))};`,
        ],
        ['proxy_read_timeout 60s;', `proxy_read_timeout ${time(Math.max(60_000, slowest + 10_000))};`],
      ],
      blocks,
    }),
    notes: [
      ...leafNotes('nginx', anchors),
      ...(socket.kind === 'unix'
        ? []
        : ['the hop is TCP: whoever can reach that port from listen.trustedPeers is believed']),
      ...(config.sources.mode === 'enforce'
        ? []
        : [`sources.mode is ${config.sources.mode}: nginx lets every address through to hubgate`]),
    ],
    files: async () => ({ 'client-anchors.pem': bundleOf(anchors), ...(await sourcesFile(config)) }),
  }
}

/** nginx without hubgate. @throws CliError with what nginx cannot do. */
export function planStandalone(config: Config, options: FrontOptions): Planned {
  const anchors = anchorsFor(config, ['active'])
  demandNone(
    'nginx alone',
    [...standaloneProblems(config), ...rootProblems('nginx', anchors)],
    'keep hubgate behind nginx (listen.front: nginx), or write for nginx a configuration without these',
  )
  const { texts, blocks } = common(config, options)
  const verify = config.client.require === 'always' ? 'on' : 'optional'
  return {
    name: 'standalone.conf',
    text: filled(template('nginx/standalone.conf'), {
      texts: [
        ...texts,
        ['ssl_verify_client on;', `ssl_verify_client ${verify};`],
        ['large_client_header_buffers 4 16384;', `large_client_header_buffers 4 ${config.limits.head};`],
      ],
      blocks: { ...blocks, ...standaloneBlocks(config) },
    }),
    notes: standaloneNotes(config),
    files: async () => ({ 'client-anchors.pem': bundleOf(anchors), ...(await sourcesFile(config)) }),
  }
}

function common(config: Config, { place, port, certificate, key }: FrontOptions): Required<Filling> {
  const { client, limits, tls } = config
  const minVersion = tls?.minVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2 TLSv1.3'
  const own = (name: string) => plainPath(`${place}/${name}`)
  return {
    texts: [
      [`${PLACE}/fullchain.pem`, plainPath(certificate ?? tls?.certificate ?? `${place}/fullchain.pem`)],
      [`${PLACE}/privkey.pem`, plainPath(key ?? tls?.key ?? `${place}/privkey.pem`)],
      [`${PLACE}/client-anchors.pem`, own('client-anchors.pem')],
      [`${PLACE}/client-anchors.crl`, own('client-anchors.crl')],
      [`${PLACE}/sources.conf`, own('sources.conf')],
      ['listen 443 ', `listen ${port} `],
      ['listen [::]:443 ', `listen [::]:${port} `],
      ['ssl_protocols TLSv1.2 TLSv1.3;', `ssl_protocols ${minVersion};`],
      ['ssl_verify_depth 2;', `ssl_verify_depth ${client.maxDepth - 1};`],
      ['client_max_body_size 4194304;', `client_max_body_size ${limits.body};`],
      ['client_header_timeout 10s;', `client_header_timeout ${time(limits.headTimeout)};`],
      ['client_body_timeout 30s;', `client_body_timeout ${time(limits.bodyTimeout)};`],
      ['keepalive_timeout 75s;', `keepalive_timeout ${time(limits.idleTimeout)};`],
      ['limit_conn hubgate_address 256;', `limit_conn hubgate_address ${limits.connectionsPerAddress};`],
    ],
    blocks: {
      sources: sourceLines(config, own('sources.conf')),
      'client.commonNames': client.commonNames.map((name) => `"${nameExpression(name)}" 1;`),
    },
  }
}

function sourceLines({ sources }: Config, list: string): readonly string[] {
  if (sources.mode !== 'enforce') return [`# sources.mode is ${sources.mode}: EVERY ADDRESS.`, 'default 1;']
  return ['default 0;', `include ${list};`, ...sources.extra.map((prefix) => `${prefix} 1;`)]
}

async function sourcesFile(config: Config): Promise<Readonly<Record<string, string>>> {
  return config.sources.mode === 'enforce' ? { 'sources.conf': await listOf(config, 'nginx') } : {}
}
