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
    // In memory of its own, as Node hands it over: what the body does not keep of it is lost.
    const chunk = alone(whole.subarray(at, end))
    body.take(chunk, chunk)
    at = end
  }
  return body
}

function alone(bytes: Uint8Array): Buffer {
  return Buffer.from(Uint8Array.from(bytes).buffer)
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

  // ECMAScript 2024: without it, the collector does.
  const left = (size: number) => ('transfer' in ArrayBuffer.prototype ? 0 : size)
  it('lets go of what it came in once nobody reads it, and not before', () => {
    const whole = alone(Buffer.from('head and body'))
    const pieces = [alone(Buffer.from('bo')), alone(Buffer.from('dy'))]
    const [one, several] = [new Body(4, KEYS, new BodyBuffers()), new Body(4, KEYS, new BodyBuffers())]
    one.take(whole.subarray(9), whole)
    for (const piece of pieces) several.take(piece, piece)
    expect(pieces.map(({ buffer }) => buffer.byteLength)).toEqual([left(2), left(2)])
    expect([one.bytes.toString(), several.bytes.toString()]).toEqual(['body', 'body'])
    one.release(true)
    expect(whole.buffer.byteLength).toBe(left(13))
  })

  it.each([
    ['somebody may still read', false, true],
    ['holds other bytes, too,', true, false],
  ])('never lets go of memory that %s', (_, unread, own) => {
    const memory = alone(Buffer.from('head and body'))
    const body = new Body(4, KEYS, new BodyBuffers())
    body.take(memory.subarray(9), own ? memory : undefined)
    body.release(unread)
    expect(memory.toString()).toBe('head and body')
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
