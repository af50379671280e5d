// AWS Application Load Balancer, mutual TLS in verify mode: it verifies by its trust store and passes the leaf with a few
// words about it. Without the leaf (the words alone) its subject is all there is, and the records say so.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
import { X509Certificate } from 'node:crypto'
import { fromEncodedPem, onlyCertificate } from './decode.ts'
import { type Front, FrontFieldError, optional, required } from './front.ts'
import { FORWARDED_FOR, clientOf } from './hops.ts'
import { commonNamesIn } from './subject.ts'

const SERIAL = 'X-Amzn-Mtls-Clientcert-Serial-Number'
const ISSUER = 'X-Amzn-Mtls-Clientcert-Issuer'
const SUBJECT = 'X-Amzn-Mtls-Clientcert-Subject'
const VALIDITY = 'X-Amzn-Mtls-Clientcert-Validity'
const LEAF = 'X-Amzn-Mtls-Clientcert-Leaf'
const ALL = [SERIAL, ISSUER, SUBJECT, VALIDITY, LEAF] as const

const TIME = '(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z)'
const VALID = new RegExp(`^NotBefore=${TIME};NotAfter=${TIME}$`)

export const albVerify: Front = {
  fields: [
    { name: SERIAL, holds: 'the serial number, hex' },
    { name: ISSUER, holds: 'the issuer by RFC 2253' },
    { name: SUBJECT, holds: 'the subject by RFC 2253' },
    { name: VALIDITY, holds: '`NotBefore=…;NotAfter=…`' },
    { name: LEAF, holds: 'the leaf as percent-encoded PEM; without it the subject alone is judged' },
    FORWARDED_FOR,
  ],
  address: clientOf,
  certificate: (fields) => {
    if (ALL.every((name) => optional(fields, name) === undefined)) return { kind: 'none' }
    const serial = required(fields, SERIAL)
    if (!/^[0-9A-Fa-f]{1,80}$/.test(serial)) throw new FrontFieldError(`${SERIAL} is not hex`)
    commonNamesIn(required(fields, ISSUER), ISSUER)
    const subject = required(fields, SUBJECT)
    const commonNames = commonNamesIn(subject, SUBJECT)
    const validity = validityOf(required(fields, VALIDITY))
    const encoded = optional(fields, LEAF)
    if (encoded === undefined) return { kind: 'subject', subject, commonNames, validity }
    const leaf = onlyCertificate(fromEncodedPem(encoded, LEAF), LEAF)
    if (significant(new X509Certificate(leaf).serialNumber) !== significant(serial))
      throw new FrontFieldError(`${SERIAL} is not that of ${LEAF}`)
    return { kind: 'certificate', chain: [leaf], frontError: undefined }
  },
}

function validityOf(text: string) {
  const [, ...times] = VALID.exec(text) ?? []
  const [from, until] = times.map((time) => new Date(time))
  if (from === undefined || until === undefined || Number.isNaN(from.getTime() + until.getTime()))
    throw new FrontFieldError(`${VALIDITY} is not two times`)
  return { from, until }
}

function significant(serial: string): string {
  return serial.toUpperCase().replace(/^0+(?=.)/, '')
}
