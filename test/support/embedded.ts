// A gateway as an embedder makes it, from an object, in front of a site; and one look at it from outside.
import type { ConfigInput, Gateway } from '../../src/index.ts'
import { exchange } from '../../src/lab/exchange.ts'
import { CANARY_SECRET } from '../canary.ts'
import { type Reachable, delivery, dialTo } from './sender.ts'
import type { Site } from './site.ts'

/** The same as the site's hubgate.yaml, as an object. */
export function asObject(upstream: string, change: Partial<ConfigInput> = {}): ConfigInput {
  return {
    state: 'state',
    listen: { address: '127.0.0.1:0' },
    tls: { certificate: 'files/server.pem', key: 'files/server.key' },
    client: { anchors: [{ name: 'meta-lab', file: 'files/meta.pem' }] },
    sources: { allowlist: 'files/list.txt' },
    apps: { shop: { secrets: ['${APP_SECRET}'], verifyTokens: ['${file:files/token}'] } },
    routes: [{ path: '/webhooks/meta', apps: ['shop'], upstream }],
    admin: { address: '127.0.0.1:0' },
    ...change,
  }
}

export function reachable({ addresses }: Gateway, { pki }: Site): Reachable {
  const [address] = addresses
  return { port: typeof address === 'object' ? address.port : 0, pki }
}

/** One delivery: its status, or how it ended. */
export async function statusOf(to: Reachable, secret = CANARY_SECRET): Promise<number | string> {
  const { answers, ended } = await exchange({ dial: dialTo(to), steps: [delivery({ secret })] })
  return answers[0]?.status ?? ended
}
