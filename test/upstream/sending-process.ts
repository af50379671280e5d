// A process that http-proxy.test.ts starts: a gateway, an upstream and one delivery, and whether http-proxy was loaded for it.
import { createRequire } from 'node:module'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { type Way, WAYS, pathOf, startWorldOfWays } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'

const require = createRequire(import.meta.url)
const util: object = require('node:util')
const extend: unknown = Reflect.get(util, '_extend')
const file = require.resolve('http-proxy')
const loaded = () => (require.cache[file] === undefined ? 'not loaded' : 'loaded')

const way: Way = WAYS.find((each) => each === process.argv[2]) ?? 'status'
const upstream = await startRawUpstream()
const world = await startWorldOfWays(upstream.url)
console.log(`before: ${loaded()}`)
const { answers, error } = await send(world, [delivery({ path: pathOf(way) })])
console.log(`answer: ${answers[0]?.status ?? error ?? ''}`)
console.log(`after: ${loaded()}`)
console.log(`_extend: ${Reflect.get(util, '_extend') === extend ? 'as before' : 'changed'}`)
await world.end()
await upstream.close()
