// Makes the route table of a configuration: exact paths, upstreams taken apart, secrets ready to sign with.
import type { AppConfig, Config, RouteConfig } from '../config/config.ts'
import type { Route } from '../domain/route.ts'
import type { SigningKey } from '../domain/signature.ts'
import { parseUpstream } from '../domain/upstream-url.ts'

/** @param config valid by the rules of the config room: every app exists, every upstream can be read. */
export function routeTable({ routes, apps }: Config): ReadonlyMap<string, Route> {
  return new Map(routes.map((route) => [route.path, routeOf(route, apps)]))
}

function routeOf(route: RouteConfig, apps: Config['apps']): Route {
  const { path, answer, challenge, host, clientCert, timeout } = route
  // The inbox is refused by the rules until it is built.
  const mode = route.mode === 'unsigned' ? 'unsigned' : 'relay'
  const own = route.apps.flatMap((name): [string, AppConfig][] => {
    const app = Object.hasOwn(apps, name) ? apps[name] : undefined
    return app === undefined ? [] : [[name, app]]
  })
  return Object.freeze({
    path,
    mode,
    answer,
    challenge,
    host,
    clientCert,
    timeout,
    upstream: parseUpstream(route.upstream),
    apps: route.apps,
    keys: own.flatMap(signingKeys),
    tokens: own.flatMap(([, app]) => app.verifyTokens.map((token) => token.reveal())),
  })
}

function signingKeys([name, app]: readonly [string, AppConfig]): SigningKey[] {
  return app.secrets.map((secret, index) => ({ app: name, index, secret: secret.reveal() }))
}
