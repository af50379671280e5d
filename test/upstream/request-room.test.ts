// The memory that requests are written from: what is in it is exactly the last one, whatever came before.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RequestRoom } from '../../src/upstream/request-room.ts'

const byte = fc.integer({ min: 0, max: 255 })
const head = fc
  .array(byte, { maxLength: 9_000 })
  .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''))

describe('a room for requests', () => {
  it('holds the head and the body of each, after longer and shorter ones', () => {
    const request = fc.tuple(head, fc.uint8Array({ maxLength: 9_000 }))
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
        const room = new RequestRoom()
        for (const [text, body] of requests) {
          const expected = Buffer.concat([Buffer.from(text, 'latin1'), body])
          expect(room.join(text, body).equals(expected)).toBe(true)
        }
      }),
    )
  })

  it('is the same memory for one after the other, and for no other room', () => {
    const [room, other] = [new RequestRoom(), new RequestRoom()]
    const { buffer } = room.join('first', Buffer.alloc(3_000))
    expect(room.join('second', Buffer.alloc(10)).buffer).toBe(buffer)
    expect(other.join('first', Buffer.alloc(10)).buffer).not.toBe(buffer)
  })
})
