// A body as it arrives: the same bytes and digests however they were cut, and memory that is used again holds nothing over.
import { createHmac, randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyBuffers, sizeClass } from '../../src/gateway/body-buffers.ts'
import { Body } from '../../src/gateway/body.ts'
import { CANARY_SECRET } from '../canary.ts'

const KEYS = [{ app: 'shop', index: 0, secret: CANARY_SECRET }]

function read(whole: Buffer, cuts: readonly number[], buffers: BodyBuffers): Body {
  const body = new Body(whole.length, KEYS, buffers)
  const ends = [...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length]
  let at = 0
  for (const end of ends) {
    // A copy, which is lost as Node's own would be.
    const chunk = Buffer.from(whole.subarray(at, end))
    if (body.take(chunk)) chunk.fill(0)
    at = end
  }
  return body
}

describe('Body', () => {
  it('is whole and has its digest however it is cut, empty pieces among them, in memory that is used again', () => {
    const buffers = new BodyBuffers()
    const pieces = fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.array(fc.nat(60_000), { maxLength: 6 }))
    fc.assert(
      fc.property(pieces, fc.boolean(), ([length, cuts], again) => {
        const whole = randomBytes(length)
        const body = read(whole, cuts, buffers)
        expect(body.complete).toBe(true)
        expect(body.bytes.equals(whole)).toBe(true)
        const [digest] = body.digests()
        const expected = createHmac('sha256', CANARY_SECRET).update(whole).digest()
        expect(expected.equals(digest?.digest ?? Buffer.alloc(0))).toBe(true)
        body.release(again)
      }),
      { numRuns: 500 },
    )
    buffers.clear()
  })

  it('an announced length of nothing is complete at once', () => {
    const body = new Body(0, KEYS, new BodyBuffers())
    expect(body.complete).toBe(true)
    expect(body.digests()[0]?.digest).toEqual(createHmac('sha256', CANARY_SECRET).digest())
  })

  it('gives no memory back that somebody may still read', () => {
    const buffers = new BodyBuffers()
    read(randomBytes(40_000), [20_000], buffers).release(false)
    expect(buffers.idleBytes).toBe(0)
  })

  it('never gives back memory that it did not borrow', () => {
    const buffers = new BodyBuffers()
    read(randomBytes(40_000), [], buffers).release(true)
    expect(buffers.idleBytes).toBe(0)
  })
})

describe('BodyBuffers', () => {
  it('gives the same memory to the next body of the same size', () => {
    const buffers = new BodyBuffers()
    const first = buffers.take(50_000)
    buffers.giveBack(first)
    const second = buffers.take(50_001)
    expect(second.buffer).toBe(first.buffer)
    expect(second.length).toBe(50_001)
    buffers.clear()
  })

  it('never gives one memory to two', () => {
    const buffers = new BodyBuffers()
    buffers.giveBack(buffers.take(50_000))
    expect(buffers.take(50_000).buffer).not.toBe(buffers.take(50_000).buffer)
    buffers.clear()
  })

  it('keeps no more idle than its bound', () => {
    const buffers = new BodyBuffers()
    const taken = Array.from({ length: 20 }, () => buffers.take(4 * 1024 * 1024))
    for (const buffer of taken) buffers.giveBack(buffer)
    expect(buffers.idleBytes).toBe(32 * 1024 * 1024)
    buffers.clear()
    expect(buffers.idleBytes).toBe(0)
  })

  it('is at most a quarter larger than its body, and never smaller', () => {
    for (let length = 1; length <= 5_000_000; length += 997) {
      expect(sizeClass(length)).toBeGreaterThanOrEqual(length)
      if (length > 16 * 1024) expect(sizeClass(length)).toBeLessThanOrEqual(length * 1.25)
    }
  })
})
