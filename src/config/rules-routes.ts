// Rules of routes: their paths, apps, modes and upstreams, seen together with the rest of the configuration.
import { parseUpstream } from '../domain/upstream-url.ts'
import { upstreamIsListener } from './endpoints.ts'
import { NOT_BUILT } from './kinds.ts'
import type { Problem } from './problem.ts'
import type { Draft, Settings } from './schema.ts'
import { didYouMean } from './suggest.ts'

type Route = Settings['routes'][number]

interface Place {
  readonly route: Route
  readonly setting: string
}

export function routeRules(draft: Draft): Problem[] {
  const { routes, apps } = draft
  if (routes === undefined) return []
  if (routes.length === 0)
    return [
      {
        setting: 'routes',
        message: 'is empty: every request would be refused',
        hint: 'add a route with path, apps and upstream',
      },
    ]
  return routes.flatMap((route, index) => {
    const place = { route, setting: `routes[${index}]` }
    const unknownApps = apps === undefined ? [] : appRules(place, Object.keys(apps))
    return pathRules(place, routes.slice(0, index)).concat(
      modeRules(place),
      unknownApps,
      upstreamRules(place, draft),
    )
  })
}

function pathRules({ route, setting }: Place, before: readonly Route[]): Problem[] {
  const first = before.findIndex(({ path }) => path === route.path)
  if (first === -1) return []
  return [
    {
      setting: `${setting}.path`,
      message: `is also the path of routes[${first}]`,
      hint: 'one route a path; it may name several apps',
    },
  ]
}

function modeRules({ route, setting }: Place): Problem[] {
  const { mode, answer, apps, unsafeUnsigned } = route
  const problems: Problem[] = []
  if (mode === 'inbox') problems.push({ setting: `${setting}.mode`, message: NOT_BUILT, hint: 'write relay' })
  if (mode === 'relay' && apps.length === 0)
    problems.push({
      setting: `${setting}.apps`,
      message: 'is empty: no signature could be verified',
      hint: 'name the apps whose secrets may sign here',
    })
  if (mode === 'unsigned' && !unsafeUnsigned)
    problems.push({
      setting: `${setting}.mode`,
      message: 'takes deliveries without a signature check',
      hint: 'if that is meant, say unsafeUnsigned: true as well',
    })
  if (mode === 'unsigned' && apps.length > 0)
    problems.push({
      setting: `${setting}.apps`,
      message: 'means nothing with mode unsigned: no signature is checked',
      hint: 'remove it',
    })
  if (mode !== 'unsigned' && unsafeUnsigned)
    problems.push({
      setting: `${setting}.unsafeUnsigned`,
      message: `means nothing with mode ${mode}`,
      hint: 'remove it',
    })
  if (mode !== 'relay' && answer === 'full')
    problems.push({
      setting: `${setting}.answer`,
      message: 'full goes only with mode relay',
      hint: 'remove it',
    })
  return problems
}

function appRules({ route, setting }: Place, known: readonly string[]): Problem[] {
  return route.apps.flatMap((app, index) => {
    const here = `${setting}.apps[${index}]`
    if (!known.includes(app)) {
      const list = known.length === 0 ? 'there is none under apps yet' : `known: ${known.join(', ')}`
      return [
        {
          setting: here,
          message: 'is not an app of this configuration',
          hint: didYouMean(app, known) ?? list,
        },
      ]
    }
    return route.apps.indexOf(app) < index
      ? [{ setting: here, message: 'stands twice', hint: 'keep one of them' }]
      : []
  })
}

function upstreamRules({ route, setting }: Place, { listen, admin }: Draft): Problem[] {
  const upstream = parseUpstream(route.upstream)
  const own = [...(listen?.address ?? []), ...(admin === undefined ? [] : [admin.address])]
  if (!own.some((address) => upstreamIsListener(upstream, address))) return []
  const message = 'is an address of this gateway itself: deliveries would go in circles'
  return [{ setting: `${setting}.upstream`, message, hint: 'name the address of the consumer' }]
}
