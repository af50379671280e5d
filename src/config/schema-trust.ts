// The declaration's part about certificates: who we are, which clients are believed, and how that may change.
import { z } from 'zod'
import { choice, count, duration, moment, name, path, pin, text } from './kinds.ts'
import { webUrl } from './kinds-network.ts'

const ownCertificate = {
  certificate: path().describe(
    "The server's certificate with its intermediates, PEM. Watched: a renewed one is taken up without a restart.",
  ),
  key: path().describe('Its private key, PEM. Watched together with the certificate.'),
}

export const tls = z
  .strictObject({
    ...ownCertificate,
    others: z
      .array(z.strictObject(ownCertificate))
      .prefault([])
      .describe(
        'Further certificates: a client that asks for a name (SNI) which only one of these carries gets that one, everybody else the first.',
      ),
    minVersion: choice('TLSv1.2', 'TLSv1.3')
      .prefault('TLSv1.2')
      .describe('The oldest protocol version that is accepted.'),
  })
  .optional()
  .describe('Present: this listener speaks TLS. `front: direct` needs it.')

const anchor = z.strictObject({
  builtin: choice('digicert-ev')
    .optional()
    .describe('A trust anchor that hubgate ships: it has its own name and file.'),
  name: name('name').optional().describe('A name of your own, for records and metrics.'),
  file: path()
    .optional()
    .describe(
      'One or more CA certificates, PEM or DER. Watched. An intermediate is an anchor, too: chains may end in it.',
    ),
  state: choice('active', 'staged', 'retired')
    .prefault('active')
    .describe(
      'Only `active` anchors admit. Of a refused client it is recorded whether a `staged` one would admit it, or a `retired` one would have.',
    ),
  from: moment().optional().describe('Staged until then, whatever `state` says of active.'),
  until: moment().optional().describe('Retired from then on.'),
})

const revocation = z
  .strictObject({
    mode: choice('none', 'soft', 'hard')
      .prefault('none')
      .describe(
        'A client that a list revokes is refused by both. Where a list is missing or out of date, `soft` warns and admits, `hard` refuses.',
      ),
    refresh: duration({ min: 60_000, max: 86_400_000 })
      .prefault('6h')
      .describe('How often the gateway fetches the lists that have an address.'),
    files: z
      .array(path())
      .prefault([])
      .describe(
        'Revocation lists, PEM or DER, and certificates (PEM) of the intermediates that signed them. Watched.',
      ),
    urls: z
      .array(webUrl())
      .prefault([])
      .describe(
        'Where to fetch further lists, beside the distribution points that the anchors name themselves.',
      ),
  })
  .prefault({})
  .describe('Revocation lists.')

export const client = z
  .strictObject({
    require: choice('always', 'deliveries', 'observe')
      .prefault('always')
      .describe(
        '`deliveries`: the GET challenge may come without a certificate. `observe`: every certificate is judged and recorded, none is refused; shouted at start.',
      ),
    commonNames: z
      .array(text('common name'))
      .prefault(['client.webhooks.fbclientcerts.com'])
      .describe('Common names a client certificate may carry. Compared byte for byte.'),
    anchors: z
      .array(anchor)
      .describe(
        "The trust anchors that a client's chain may end in: `{ builtin: digicert-ev }` or `{ name: …, file: … }`. At least one active; nothing of the operating system is trusted.",
      ),
    maxDepth: count({ min: 1, max: 10 })
      .prefault(3)
      .describe('How many certificates may stand below an anchor, the leaf included.'),
    pins: z
      .array(pin())
      .prefault([])
      .describe(
        "Beside the chain: SHA-256 of the client's certificate or of its public key. Where there are any, one has to fit; list the next one before Meta changes.",
      ),
    trustGrace: duration({ min: 0, max: 600_000 })
      .prefault('30s')
      .describe(
        'After a change of trust: how long a client that is not believed any more may finish what it has in flight. Idle connections end at once.',
      ),
    revocation,
  })
  .describe("Meta's client certificate: gates 2 and 3.")
