// The readers under random damage: whatever comes, they read or refuse, and a certificate is never one that was not sent.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fields } from '../../src/domain/fields.ts'
import { readFront } from '../../src/fronts/front.ts'
import { FRONTS } from '../../src/fronts/fronts.ts'
import type { FieldLine } from '../../src/lab/request.ts'
import { FRONT_FIELDS, FRONT_NAMES } from '../support/front-sender.ts'
import { CHAIN, CHAINED_IDENTITY } from './fields.ts'

const RUNS = { numRuns: 600 }
const nobody = () => false
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))

/** Cuts out some of a text at a random place, and puts something else there. */
const damaged = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(6), fc.string({ unit: byte, maxLength: 6 }))
    .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut))

describe.each(FRONT_NAMES)('%s', (name) => {
  const front = FRONTS[name]
  const good = FRONT_FIELDS[name]({ identity: CHAINED_IDENTITY })

  it('reads random fields or refuses them', () => {
    const lines = fc.array(
      fc.tuple(
        fc.constantFrom(...front.fields.map((field) => field.name)),
        fc.string({ unit: byte, maxLength: 80 }),
      ),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(lines, (fields) => {
        const read = readFront(front, new Fields(fields.flat()), nobody)
        return read.outcome === 'refuse'
          ? /^[\x20-\x7e]+$/.test(read.detail)
          : read.certificate.kind !== 'certificate'
      }),
      RUNS,
    )
  })

  it('reads a damaged certificate as the one that was sent, or not at all', () => {
    const sent = new Set(CHAIN.map((der) => der.toString('hex')))
    const lines = fc
      .nat(good.length - 1)
      .chain((which) =>
        damaged(good[which]?.[1] ?? '').map((value) =>
          good.map(([field, before], i): FieldLine => [field, i === which ? value : before]),
        ),
      )
    const strangers: string[] = []
    fc.assert(
      fc.property(lines, (fields) => {
        const read = readFront(front, new Fields(fields.flat()), nobody)
        if (read.outcome === 'refuse' || read.certificate.kind !== 'certificate') return
        // A byte of what is signed may be another: then it is another certificate, which no signature fits.
        for (const der of read.certificate.chain)
          if (!sent.has(Buffer.from(der).toString('hex'))) strangers.push(Buffer.from(der).toString('hex'))
      }),
      RUNS,
    )
    const lengths = new Set(CHAIN.map((der) => der.length * 2))
    expect(strangers.filter((hex) => !lengths.has(hex.length))).toEqual([])
  })
})
