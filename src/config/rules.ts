// Rules across settings, pure. Each looks at the sections it needs and keeps silent where one could not be read.
// What a single value has to look like is in kinds.ts; files are looked at elsewhere.
import type { ListenAddress } from './config.ts'
import type { Problem } from './problem.ts'
import { routeRules } from './rules-routes.ts'
import { sourceRules } from './rules-sources.ts'
import { trustRules } from './rules-trust.ts'
import type { Draft } from './schema.ts'
import { shareProblems } from './shares.ts'
import { isLoopback, sameEndpoint } from './endpoints.ts'

/** All of them, in the order of the sections. */
export function ruleProblems(draft: Draft): Problem[] {
  return [
    ...listenRules(draft),
    ...tlsRules(draft),
    ...trustRules(draft),
    ...sourceRules(draft),
    ...appRules(draft),
    ...routeRules(draft),
    ...limitRules(draft),
    ...adminRules(draft),
  ]
}

function listenRules({ listen }: Draft): Problem[] {
  if (listen === undefined) return []
  const { address, proxyProtocol, trustedPeers } = listen
  return [
    ...address.flatMap((one, i) =>
      address.slice(0, i).some((other) => sameEndpoint(one, other))
        ? [
            {
              setting: 'listen.address',
              message: `${shownAddress(one)} stands twice`,
              hint: 'keep one of them',
            },
          ]
        : [],
    ),
    ...frontRules(listen),
    ...(proxyProtocol === 'none' || trustedPeers.length > 0 ? [] : [nobodyTrusted()]),
  ]
}

function frontRules({ front, proxyProtocol, trustedPeers }: NonNullable<Draft['listen']>): Problem[] {
  if (front === 'direct') return []
  // Two that name the client, and nobody who says which of them is right.
  if (proxyProtocol !== 'none')
    return [
      {
        setting: 'listen.proxyProtocol',
        message: `cannot be ${proxyProtocol} with listen.front ${front}: its fields name the client`,
        hint: 'write none, and let the front write no PROXY header',
      },
    ]
  if (trustedPeers.length > 0) return []
  return [
    {
      setting: 'listen.trustedPeers',
      message: `is empty: with listen.front ${front} nobody's fields would be believed`,
      hint: "list the front's addresses, or unix for a Unix socket",
    },
  ]
}

// `tls` is optional, so a draft without it may mean absent or unreadable: `listen` tells a draft from nothing at all.
function tlsRules(draft: Draft): Problem[] {
  if (draft.listen?.front !== 'direct' || draft.tls !== undefined || !('tls' in draft)) return []
  const hint = 'add tls: { certificate: …, key: … }'
  return [{ setting: 'tls', message: 'is missing: with listen.front direct hubgate ends TLS itself', hint }]
}

function appRules({ apps }: Draft): Problem[] {
  return Object.entries(apps ?? {}).flatMap(([name, { secrets }]) =>
    secrets.length > 0
      ? []
      : [
          {
            setting: `apps.${name}.secrets`,
            message: 'is empty: no delivery could be verified',
            hint: "the app secret is in Meta's dashboard: App settings, Basic",
          },
        ],
  )
}

function limitRules({ limits, listen }: Draft): Problem[] {
  if (limits === undefined) return []
  // How many `auto` will be is known where it starts.
  const workers = listen === undefined || listen.workers === 'auto' ? 1 : listen.workers
  if (limits.body <= limits.bodiesInMemory) return shareProblems(limits, workers)
  return [
    {
      setting: 'limits.body',
      message: 'is more than limits.bodiesInMemory: the largest body could never be accepted',
      hint: 'lower it, or raise limits.bodiesInMemory',
    },
  ]
}

function adminRules({ admin, listen }: Draft): Problem[] {
  if (admin === undefined) return []
  const collides = listen?.address.some((address) => sameEndpoint(address, admin.address)) === true
  return [
    ...(collides
      ? [
          {
            setting: 'admin.address',
            message: 'is the same as listen.address: the admin listener never shares the public port',
            hint: 'choose another port',
          },
        ]
      : []),
    ...(admin.token === undefined && !isLoopback(admin.address)
      ? [
          {
            setting: 'admin.token',
            message: 'is missing: beyond loopback the admin listener needs one',
            hint: 'set it, or bind admin.address to 127.0.0.1',
          },
        ]
      : []),
  ]
}

function nobodyTrusted(): Problem {
  return {
    setting: 'listen.trustedPeers',
    message: 'is empty: with listen.proxyProtocol required no PROXY header would be believed',
    hint: "list the load balancer's addresses, or unix for a Unix socket",
  }
}

function shownAddress(address: ListenAddress): string {
  return address.kind === 'unix' ? 'a Unix socket' : `port ${address.port}`
}
