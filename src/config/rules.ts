// Rules across settings, pure. Each looks at the sections it needs and keeps silent where one could not be read.
// What a single value has to look like is in kinds.ts; files are looked at elsewhere.
import type { ListenAddress } from './config.ts'
import { NOT_BUILT } from './kinds.ts'
import type { Problem } from './problem.ts'
import { routeRules } from './rules-routes.ts'
import { sourceRules } from './rules-sources.ts'
import type { Draft, Settings } from './schema.ts'
import { isLoopback, sameEndpoint } from './endpoints.ts'

/** All of them, in the order of the sections. */
export function ruleProblems(draft: Draft): Problem[] {
  return [
    ...listenRules(draft),
    ...tlsRules(draft),
    ...clientRules(draft),
    ...sourceRules(draft),
    ...appRules(draft),
    ...routeRules(draft),
    ...limitRules(draft),
    ...adminRules(draft),
  ]
}

function listenRules({ listen }: Draft): Problem[] {
  if (listen === undefined) return []
  const { address, workers, front, proxyProtocol } = listen
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
    ...(workers === 1 ? [] : [notBuilt('listen.workers', 'write 1: one process')]),
    ...(front === 'direct'
      ? []
      : [notBuilt('listen.front', 'write direct, and let the load balancer pass TCP through')]),
    ...(proxyProtocol === 'none' ? [] : [notBuilt('listen.proxyProtocol', 'write none')]),
  ]
}

// `tls` is optional, so a draft without it may mean absent or unreadable: `listen` tells a draft from nothing at all.
function tlsRules(draft: Draft): Problem[] {
  if (draft.listen?.front !== 'direct' || draft.tls !== undefined || !('tls' in draft)) return []
  const hint = 'add tls: { certificate: …, key: … }'
  return [{ setting: 'tls', message: 'is missing: with listen.front direct hubgate ends TLS itself', hint }]
}

function clientRules({ client }: Draft): Problem[] {
  if (client === undefined) return []
  const { commonNames, anchors, revocation } = client
  return [
    ...(commonNames.length > 0
      ? []
      : [
          {
            setting: 'client.commonNames',
            message: 'is empty: every client would be refused',
            hint: 'list at least one common name',
          },
        ]),
    ...(anchors.length > 0
      ? []
      : [
          {
            setting: 'client.anchors',
            message: 'is empty: every client would be refused',
            hint: 'add "- builtin: digicert-ev" and Meta\'s own root',
          },
        ]),
    ...anchors.flatMap((_, index) => anchorProblems(anchors, index)),
    ...(revocation.mode === 'none' ? [] : [notBuilt('client.revocation.mode', 'write none')]),
    ...(revocation.files.length === 0 ? [] : [notBuilt('client.revocation.files', 'remove it')]),
  ]
}

function anchorProblems(anchors: Settings['client']['anchors'], index: number): Problem[] {
  const setting = `client.anchors[${index}]`
  const { builtin, name, file } = anchors[index] ?? {}
  if (builtin !== undefined && (name !== undefined || file !== undefined))
    return [
      {
        setting,
        message: 'is builtin and something else',
        hint: 'a builtin anchor stands alone: { builtin: digicert-ev }',
      },
    ]
  if (builtin === undefined && (name === undefined || file === undefined))
    return [
      {
        setting,
        message: `has no ${file === undefined ? 'file' : 'name'}`,
        hint: 'write { name: …, file: … } or { builtin: digicert-ev }',
      },
    ]
  const own = builtin ?? name
  const first = anchors.findIndex((other) => (other.builtin ?? other.name) === own)
  if (first === index) return []
  return [
    {
      setting,
      message: `has the same name as client.anchors[${first}]`,
      hint: 'names tell anchors apart in records and metrics',
    },
  ]
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

function limitRules({ limits }: Draft): Problem[] {
  if (limits === undefined || limits.body <= limits.bodiesInMemory) return []
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

function notBuilt(setting: string, hint: string): Problem {
  return { setting, message: NOT_BUILT, hint }
}

function shownAddress(address: ListenAddress): string {
  return address.kind === 'unix' ? 'a Unix socket' : `port ${address.port}`
}
