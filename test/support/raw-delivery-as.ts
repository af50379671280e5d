// A good delivery under an identity whose certificates go out byte for byte (raw-tls.ts), told like any other exchange.
import { createPrivateKey } from 'node:crypto'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Sent } from './identity.ts'
import { type Proof, type RawClient, rawClient } from './raw-tls.ts'
import { delivery } from './sender.ts'
import type { World } from './world.ts'

export interface RawOptions extends Pick<RawClient, 'version'> {
  readonly proof?: Proof | undefined
}

export async function sendRaw(
  { port }: Pick<World, 'port'>,
  { certificate, key }: Pick<ClientIdentity, 'certificate' | 'key'>,
  { version, proof }: RawOptions,
): Promise<Sent> {
  const { answer, localPort } = await rawClient({
    port,
    version,
    certificates: blocksOf(certificate),
    key: createPrivateKey(key),
    request: delivery(),
    ...(proof === undefined ? {} : { proof }),
  })
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]
  const answers = status === undefined ? [] : [{ status: Number(status) }]
  return { answers, ended: answers.length > 0 ? 'answered' : 'closed', error: undefined, localPort }
}

/** What stands in each PEM block, whatever that is. */
function blocksOf(pem: string): Buffer[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----\n([^-]*)-----END CERTIFICATE-----/g)
  return [...blocks].map(([, base64 = '']) => Buffer.from(base64, 'base64'))
}
