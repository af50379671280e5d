// `openssl s_client` against a world's gateway: its arguments, and identities as the files it wants.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { World } from './world.ts'

export interface IdentityFiles {
  /** The whole chain, leaf first. */
  readonly chain: string
  readonly key: string
}

let count = 0

/** Writes an identity beside the world's other files. */
export async function identityFiles(
  { directory }: World,
  { certificate, key }: Pick<ClientIdentity, 'certificate' | 'key'>,
): Promise<IdentityFiles> {
  count += 1
  const files = { chain: join(directory, `client-${count}.pem`), key: join(directory, `client-${count}.key`) }
  await writeFile(files.chain, certificate)
  await writeFile(files.key, key)
  return files
}

/** It verifies the gateway and holds nothing back for its own weakness. */
export function sClientArguments(
  { port, directory }: World,
  identity: IdentityFiles | undefined,
  more: readonly string[] = [],
): string[] {
  const peer = ['-connect', `127.0.0.1:${port}`, '-servername', 'localhost']
  const trust = ['-CAfile', join(directory, 'server.pem'), '-verify_return_error']
  const weak = ['-cipher', 'ALL:@SECLEVEL=0']
  const presented =
    identity === undefined
      ? []
      : ['-cert', identity.chain, '-cert_chain', identity.chain, '-key', identity.key]
  return ['s_client', ...peer, ...trust, ...weak, ...presented, ...more]
}
