// The requests of the scenes: deliveries as Meta signs them, and such as nobody should let through.
import { deliveryBytes } from '../../src/lab/request.ts'
import type { Request } from './lane.ts'
import { type Delivery, type Material, PATH, deliveriesOf, deliveriesTo } from './material.ts'

/** @param variants different ones. */
export function good(size: number, variants: number): (material: Material) => Request[] {
  return ({ secret }) => deliveriesOf(size, secret, variants).map(admitted)
}

/** One for each path. */
export function goodTo(paths: readonly string[], size: number): (material: Material) => Request[] {
  return ({ secret }) => deliveriesTo(paths, { size, secret }).map(admitted)
}

export function wronglySigned(size: number): (material: Material) => Request[] {
  return ({ secret }) => deliveriesOf(size, `${secret}!`, 16).map(refused)
}

/** Seven good ones of ten; of the bad ones half are signed wrongly, a third not at all, and the rest is for another path. */
export function mixed(size: number): (material: Material) => Request[] {
  return ({ secret }) => {
    const deliveries = deliveriesOf(size, secret, 20)
    const bad = (index: number, body: Buffer): Request => {
      const request = { authority: 'localhost', path: index === 18 ? '/elsewhere' : PATH, body }
      return refused({
        body,
        bytes: deliveryBytes({
          ...request,
          secret: index % 2 === 1 ? `${secret}!` : index === 18 ? secret : undefined,
        }),
      })
    }
    // 3, 6, 9, 12, 15 and 18 of each 20.
    return deliveries.map((delivery, index) =>
      index % 3 === 0 && index > 0 ? bad(index, delivery.body) : admitted(delivery),
    )
  }
}

function admitted({ bytes, body }: Delivery): Request {
  return { status: 200, bytes, body: body.length }
}

function refused({ bytes }: Delivery): Request {
  return { status: 0, bytes, body: undefined }
}
