// The requests of a soak: good ones of several sizes, each with a body of its own, and such as have to be refused on a good connection.
import { randomBytes } from 'node:crypto'
import { PATH } from '../gateways/material.ts'
import { deliveryBytes } from '../../src/lab/request.ts'
import type { Try } from './book.ts'
import { TRY_FIELD } from './consumer.ts'

/** Bytes of a body, and how many of a thousand deliveries have them. */
const SIZES = [
  { bytes: 1_536, of: 975 },
  { bytes: 65_536, of: 24 },
  { bytes: 1_000_000, of: 1 },
] as const

const TEMPLATES = SIZES.map(({ bytes, of }) => {
  const frame = `{"object":"soak","id":"${'0'.repeat(12)}","text":""}`
  return { of, body: Buffer.from(frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`)) }
})
const ID_AT = '{"object":"soak","id":"'.length

/** The route of what is tracked. */
export const TRACKED = `${PATH}/tracked`

/** Of a delivery that is none. */
const NOBODYS = bodyOf(0)

/** Every delivery has other bytes. */
export function bodyOf(id: number): Buffer {
  let rest = (id * 7) % 1_000
  const { body } = TEMPLATES.find(({ of }) => (rest -= of) < 0) ?? TEMPLATES[0] ?? { body: Buffer.alloc(0) }
  const own = Buffer.from(body)
  own.write(`${id}`.padStart(12, '0'), ID_AT, 'latin1')
  return own
}

export function goodBytes({ delivery: { body }, tag }: Try, secret: string): Buffer {
  return deliveryBytes({ authority: 'localhost', path: TRACKED, body, secret, add: [[TRY_FIELD, tag]] })
}

/** Signed with a secret that holds no longer where there is one, or with nobody's. */
export function wronglySigned(retired: string | undefined): Buffer {
  const secret = retired ?? randomBytes(16).toString('hex')
  return deliveryBytes({ authority: 'localhost', path: TRACKED, body: NOBODYS, secret })
}

export function wronglyAddressed(secret: string): Buffer {
  return deliveryBytes({ authority: 'localhost', path: `${PATH}/elsewhere`, body: NOBODYS, secret })
}
