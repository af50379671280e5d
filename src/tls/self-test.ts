// The self-test of TLS, before a gateway serves: nothing can be resumed, and who asks for a name gets its certificate.
import { createHash } from 'node:crypto'
import type { Problem } from '../config/problem.ts'
import { type Terms, createTlsServer, indexFor } from './context.ts'
import { inMemory } from './in-memory.ts'
import { askedFor, dnsNames } from './own-chain.ts'
import { resumptionProblem } from './resumption-proof.ts'

const passed = new Set<string>()

/** Once a process and content of the terms: a reload of something else does not pay for it again. */
export async function selfTestProblem(terms: Terms): Promise<Problem | undefined> {
  const id = idOf(terms)
  if (passed.has(id)) return undefined
  const found = (await resumptionProblem(terms)) ?? (await shownProblem(terms))
  if (found === undefined) passed.add(id)
  return found
}

// Node 20 and 22 lay the certificate of a name beside the first one where their keys are of different kinds, and OpenSSL
// then takes the kind that it likes better.
async function shownProblem(terms: Terms): Promise<Problem | undefined> {
  const { identities } = terms
  const connect = inMemory(createTlsServer(terms))
  for (const [i, { leaf }] of identities.entries()) {
    const name = dnsNames(leaf)
      .map(askedFor)
      .find((each) => indexFor(identities, each) === i)
    if (name === undefined) continue
    const { certificate } = await connect({ servername: name })
    if (certificate?.fingerprint256 !== leaf.fingerprint256)
      return {
        setting: `tls.others[${i - 1}].certificate`,
        message: `is not what a client gets that asks for ${name}: Node ${process.versions.node} shows another where keys are of different kinds (RSA, EC)`,
        hint: 'give all certificates the same kind of key, or use Node 24',
      }
  }
  return undefined
}

// A key fits its certificate, which is enough to tell it from others.
function idOf({ identities, minVersion, anchors, maxDepth }: Terms): string {
  const parts = [
    identities.map(({ certificate }) => certificate),
    minVersion,
    anchors.map(({ fingerprint, partial }) => [fingerprint, partial]),
    maxDepth,
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
