// The lab's own server certificate, for loopback only. Thrown away with the lab.
import { generate } from 'selfsigned'

export interface ServerCertificate {
  /** PEM; it is its own root, so a client trusts it by this same text. */
  readonly certificate: string
  readonly key: string
}

const DAY = 86_400_000

/** A P-256 certificate for localhost, 127.0.0.1 and ::1, good for 90 days: with less the gateway would warn. */
export async function serverCertificate(): Promise<ServerCertificate> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 90 * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { certificate: made.cert, key: made.private }
}
