// Which requests may come without a certificate under `client.require: deliveries`: a GET where it is a challenge and
// nothing else. On an `unsigned` route a GET goes through to the upstream, so it has to prove itself like a POST.
import type { RequestFacts } from '../domain/facts.ts'

export function mayBeChallenge({ method, route }: Pick<RequestFacts, 'method' | 'route'>): boolean {
  return method === 'GET' && route?.mode === 'relay'
}
