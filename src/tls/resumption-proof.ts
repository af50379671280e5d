// Proves, before a TLS server is used, that no session of it can be resumed: whole handshakes in memory, each offering
// what the one before was given. What cannot be proved counts as broken.
import tls, { type Server } from 'node:tls'
import type { Problem } from '../config/problem.ts'
import { type Terms, createTlsServer } from './context.ts'
import { type Handshake, inMemory } from './in-memory.ts'
import { askedFor, dnsNames } from './own-chain.ts'

type SecureVersion = Terms['minVersion']

/** Whether the client shows a certificate, one handshake after another: with the session of one without, and the reverse. */
const SHOWN = [true, false, true] as const

/** @param make for tests: another server than the gateway's own. @returns undefined where nothing could be resumed. */
export async function resumptionProblem(
  terms: Terms,
  make: (terms: Terms) => Server = createTlsServer,
): Promise<Problem | undefined> {
  try {
    const connect = inMemory(make(terms))
    for (const version of versionsOf(terms)) {
      const clients = clientsOf(terms, version)
      for (const name of namesOf(terms)) {
        let session: Handshake['session']
        for (const shown of SHOWN) {
          const done = await connect({
            secureContext: shown ? clients.shown : clients.hidden,
            ...(name === undefined ? {} : { servername: name }),
            ...(session === undefined ? {} : { session }),
          })
          if (done.resumed) return problem(`resumed a session (${version}, ${asked(name)})`)
          session = done.session
        }
      }
    }
    return undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return problem(`could not be tried: ${reason}`)
  }
}

function problem(what: string): Problem {
  return {
    setting: 'tls',
    message: `the self-test of TLS failed: it ${what}; a client could come back without its certificate being checked`,
    hint: 'hubgate does not serve like this: try another release of Node, and report it with the output of node -p process.versions',
  }
}

function versionsOf({ minVersion }: Terms): readonly SecureVersion[] {
  return minVersion === 'TLSv1.3' ? ['TLSv1.3'] : ['TLSv1.2', 'TLSv1.3']
}

/** None, and one of each certificate of ours. */
function namesOf({ identities }: Terms): readonly (string | undefined)[] {
  return [undefined, ...identities.map(({ leaf }) => askedFor(dnsNames(leaf)[0] ?? 'localhost'))]
}

// Our own certificate is none that the identity gates would admit, but it will do for a handshake. Made once, and with
// `ca` given, as Node would else load all its roots for each.
function clientsOf({ identities: [{ certificate, key }] }: Terms, version: SecureVersion) {
  const hidden = { ca: certificate, minVersion: version, maxVersion: version }
  return {
    hidden: tls.createSecureContext(hidden),
    shown: tls.createSecureContext({ ...hidden, cert: certificate, key }),
  }
}

function asked(servername: string | undefined): string {
  return servername === undefined ? 'without a name' : `for ${servername}`
}
