// The configurations that streams run under, and what a reload makes of each: routes of every kind, several secrets,
// small limits so that they are met.
import type { Config, RouteConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/config/secret.ts'
import { plainConfig } from '../support/world.ts'

// Streams are printed where the lanes disagree, so these are none that must not be.
export const SECRET = 'first app, first secret'
export const OLD_SECRET = 'first app, second secret'
export const VERIFY_TOKEN = 'played-verify-token'
export const NEW_SECRET = 'a secret that a reload brings'
export const OTHER_SECRETS = ['second app, first secret', 'second app, second secret'] as const

/** Secrets that sign for a path, newest first; none: whatever signs, nobody asks. */
export const SECRETS_OF: Readonly<Record<string, readonly string[]>> = {
  '/webhooks/meta': [SECRET, OLD_SECRET],
  '/webhooks/two': [SECRET, OLD_SECRET, ...OTHER_SECRETS],
  '/one': [OTHER_SECRETS[0]],
  '/vouched': [SECRET],
  '/full': [SECRET],
  '/secure': [SECRET],
  '/unsigned': [SECRET],
  '/asks': [SECRET],
}

const HEAD = 16 * 1024
const BODY = 100 * 1024

export const KINDS = ['usual', 'small', 'observe', 'deliveries', 'anonymous', 'open'] as const
export type Kind = (typeof KINDS)[number]

export const RELOADS = ['secrets', 'routes', 'body', 'idle', 'nothing'] as const
export type Reload = (typeof RELOADS)[number]

export function configOf(kind: Kind): Config {
  const plain = plainConfig('/nowhere', { upstream: 'http://127.0.0.1:9/hooks' })
  const config: Config = {
    ...plain,
    apps: {
      shop: {
        secrets: secrets([SECRET, OLD_SECRET]),
        verifyTokens: secrets([VERIFY_TOKEN]),
      },
      leads: { secrets: secrets(OTHER_SECRETS), verifyTokens: [] },
    },
    routes: routesOf(plain.routes[0]),
    limits: { ...plain.limits, head: HEAD, body: BODY },
  }
  return changedFor(kind, config)
}

function changedFor(kind: Kind, config: Config): Config {
  const { client, limits, sources } = config
  if (kind === 'small') return { ...config, limits: { ...limits, head: 600, body: 400 } }
  if (kind === 'observe') return { ...config, client: { ...client, require: 'observe' } }
  if (kind === 'open') return { ...config, sources: { ...sources, mode: 'none' } }
  if (kind === 'usual') return config
  return { ...config, client: { ...client, require: 'deliveries' } }
}

export function reloaded(config: Config, reload: Reload): Config {
  const { limits, apps, routes } = config
  if (reload === 'secrets')
    return { ...config, apps: { ...apps, shop: { secrets: secrets([NEW_SECRET]), verifyTokens: [] } } }
  if (reload === 'body') return { ...config, limits: { ...limits, body: 120 } }
  if (reload === 'idle') return { ...config, limits: { ...limits, idleTimeout: 40_000 } }
  if (reload === 'nothing') return { ...config }
  const changed = routes.filter(({ path }) => path !== '/one')
  const moved = (route: RouteConfig): RouteConfig => ({ ...route, upstream: `${route.upstream}/new` })
  return { ...config, routes: changed.map(moved) }
}

function secrets(texts: readonly string[]): Secret[] {
  return texts.map((text) => new Secret(text))
}

function routesOf(plain: RouteConfig | undefined): RouteConfig[] {
  if (plain === undefined) throw new Error('no route to begin with')
  const route = (path: string, change: Partial<RouteConfig> = {}) => ({ ...plain, path, ...change })
  return [
    route('/webhooks/meta'),
    route('/webhooks/two', { apps: ['shop', 'leads'], host: 'upstream', upstream: 'http://two.example/in' }),
    route('/one', { apps: ['leads'], upstream: 'unix:/run/one.sock:/one' }),
    route('/vouched', { clientCert: true }),
    route('/full', { answer: 'full' }),
    route('/secure', { upstream: 'https://secure.example/hooks' }),
    route('/unsigned', { mode: 'unsigned', apps: [], unsafeUnsigned: true }),
    route('/asks', { challenge: 'forward' }),
  ]
}
