// A list of 10 MB, as large authorities have: read whole, while the gateway goes on with its work.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { readEntries } from '../../src/tls/crl-entries.ts'
import { authority, listOf, manyEntries, manySerial, read } from '../support/crl-lists.ts'

const COUNT = 300_000
/** Some of them, and the last. */
const NUMBERS = [0, 1, 4095, 4096, 4097, 123_456, COUNT - 1]

describe('a list of 300,000 certificates', () => {
  let ca: Issued
  let der: Buffer
  beforeAll(() => {
    ca = authority({ key: 'rsa-2048' })
    der = listOf(ca, { revoked: manyEntries(COUNT) })
  })

  it('is read whole', async () => {
    expect(der.length).toBeGreaterThan(10_000_000)
    const list = await read(der, ca)
    expect(list.size).toBe(COUNT)
    expect(NUMBERS.map(manySerial).filter((serial) => !list.revokes(serial))).toEqual([])
    expect([COUNT, COUNT + 1, 0xffffffff].map(manySerial).filter(list.revokes)).toEqual([])
  })

  it('lets the event loop turn again and again meanwhile', async () => {
    let turns = 0
    let reading = true
    const turn = (): void => {
      turns += 1
      if (reading) setImmediate(turn)
    }
    setImmediate(turn)
    // Without the signature, for which a thread of its own is waited for.
    const serials = await readEntries(manyEntries(COUNT), 2)
    reading = false
    expect(serials.size).toBe(COUNT)
    // One turn a slice: a slice is 4,096 entries.
    expect(turns).toBeGreaterThan(50)
  })
})
