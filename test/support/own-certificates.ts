// Worlds whose gateway has several server certificates, and what a client is shown that asks for a name.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { Config } from '../../src/config/config.ts'
import { type Issued, issue } from '../../src/lab/pki/certificate.ts'
import { newKeyPair } from '../../src/lab/pki/keys.ts'
import type { World } from './world.ts'

/** A certificate of a server, its own root, with a key that no other has. */
export function serverFor(names: readonly string[], commonName = names[0] ?? 'nobody'): Issued {
  return issue({
    subject: [{ type: 'CN', value: commonName }],
    key: newKeyPair('p-256'),
    altNames: names,
    extendedKeyUsage: ['serverAuth'],
    notAfter: new Date(Date.now() + 90 * 86_400_000),
  })
}

/** The files of further certificates: other-0.pem, other-0.key, and so on. */
export function otherFiles(others: readonly Issued[]): Record<string, string> {
  return Object.fromEntries(
    others.flatMap(({ certificate, key }, i) => [
      [`other-${i}.pem`, certificate],
      [`other-${i}.key`, key],
    ]),
  )
}

/** A configuration that names those files. */
export function withOthers(count: number): (config: Config) => Config {
  return (config) => {
    if (config.tls === undefined) return config
    const others = Array.from({ length: count }, (_, i) => ({
      certificate: join(config.state, `other-${i}.pem`),
      key: join(config.state, `other-${i}.key`),
    }))
    return { ...config, tls: { ...config.tls, others } }
  }
}

/** The fingerprint of what a gateway shows, asked for a name or for none. */
export function shownBy({ port }: Pick<World, 'port'>, servername: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...(servername === undefined ? {} : { servername }),
    })
    let shown: string | undefined
    socket.once('secureConnect', () => (shown = socket.getPeerX509Certificate()?.fingerprint256))
    socket.on('error', reject).resume()
    // The gateway closes: nobody gets in without a certificate. By then it has its record of that.
    socket.once('close', () => resolve(shown ?? 'none'))
  })
}

export function fingerprintOf({ certificate }: { readonly certificate: string }): string {
  return new X509Certificate(certificate).fingerprint256
}
