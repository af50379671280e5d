// The reader of revocation lists on bytes that are nearly a list: it ends in a word, and believes nothing that was not signed.
import { sign } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boolean, context, integer, sequence } from '../../src/lab/pki/asn1.ts'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { reasonCode } from '../../src/lab/pki/crl.ts'
import { extension, pointName } from '../../src/lab/pki/extensions.ts'
import { readRevocationFile } from '../../src/tls/crl-file.ts'
import { type RevocationList, RevocationListError } from '../../src/tls/crl.ts'
import { DerReader, TAG, encode, readOnly } from '../../src/tls/der.ts'
import { authority, listOf, read } from '../support/crl-lists.ts'

const ca = authority()
const signers: readonly Issued[] = [ca, authority({ key: 'p-256' }), authority({ key: 'rsa-2048' })]
const options = {
  revoked: [
    { serial: '05', extensions: [reasonCode(1)] },
    { serial: '80ff' },
    { serial: '06', date: new Date('2051-01-01') },
  ],
  extensions: [
    extension({
      id: '2.5.29.28',
      critical: true,
      value: sequence(pointName(['http://a.example/']), context(1, '\xff')),
    }),
    extension({ id: '2.5.29.35', value: sequence(integer('1'), boolean(true)) }),
  ],
}
const lists = signers.map((issuer) => listOf(issuer, options))

const edit = fc.record({
  at: fc.nat(4000),
  cut: fc.nat(4),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom(
      ...[0x00, 0x02, 0x17, 0x30, 0x80, 0x81, 0x84, 0xa0, 0xff].map((byte) => Uint8Array.of(byte)),
    ),
  ),
})

const mutantOf = (bases: readonly Buffer[]) =>
  fc
    .record({ base: fc.constantFrom(...bases), edits: fc.array(edit, { minLength: 1, maxLength: 4 }) })
    .map(({ base, edits }) => edits.reduce(edited, base))

/** All elements stay where they are, so that what is within them is read. */
const sameLength = (base: Buffer) =>
  fc
    .array(fc.record({ at: fc.nat(base.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 })
    .map((changes) => {
      const bytes = Buffer.from(base)
      for (const { at, byte } of changes) bytes.writeUInt8(byte, at)
      return bytes
    })

function edited(bytes: Buffer, { at, cut, put }: { at: number; cut: number; put: Uint8Array }): Buffer {
  const from = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)])
}

/** The list, or undefined where it is refused as it should be. @throws whatever else was thrown. */
async function readOrRefused(bytes: Uint8Array): Promise<RevocationList | undefined> {
  try {
    return await read(bytes, ...signers)
  } catch (error) {
    if (error instanceof RevocationListError) return undefined
    throw error
  }
}

function signedPart(der: Uint8Array): Uint8Array {
  return new DerReader(readOnly(der, TAG.sequence).content).next(TAG.sequence).whole
}

describe('bytes that are nearly a list', () => {
  it('are used only where what is signed is as it was', { timeout: 60_000 }, async () => {
    const known = lists.map((der) => Buffer.from(signedPart(der)).toString('hex'))
    await fc.assert(
      fc.asyncProperty(mutantOf(lists), async (bytes) => {
        if ((await readOrRefused(bytes)) !== undefined)
          expect(known).toContain(Buffer.from(signedPart(bytes)).toString('hex'))
      }),
      { numRuns: 6_000 },
    )
  })

  it('every single bit of what is signed, and of the signature, counts', { timeout: 60_000 }, async () => {
    const [der = Buffer.alloc(0)] = lists
    for (let bit = 0; bit < der.length * 8; bit++) {
      const bytes = Buffer.from(der)
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(await readOrRefused(bytes), `bit ${bit}`).toBeUndefined()
    }
  })

  it('signed by a hostile authority end in a list or in words', { timeout: 60_000 }, async () => {
    const algorithm = encode(TAG.sequence, encode(TAG.oid, Uint8Array.of(0x2b, 0x65, 0x70)))
    const signedAgain = (tbs: Buffer): Uint8Array => {
      const signature = sign(null, tbs, ca.keyPair.privateKey)
      return encode(TAG.sequence, tbs, algorithm, encode(TAG.bitString, Uint8Array.of(0), signature))
    }
    const part = Buffer.from(signedPart(lists[0] ?? Buffer.alloc(0)))
    let used = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutantOf([part]), sameLength(part)), async (tbs) => {
        const list = await readOrRefused(signedAgain(tbs))
        if (list === undefined) return
        used += 1
        expect(list.size).toBeLessThan(10)
      }),
      { numRuns: 6_000 },
    )
    // So that it was the depths of the reader that were tried, too.
    expect(used).toBeGreaterThan(100)
  })

  it('as a file end in lists or in words', { timeout: 60_000 }, () => {
    const [der = Buffer.alloc(0)] = lists
    const file = Buffer.from(
      `text\n-----BEGIN X509 CRL-----\n${der.toString('base64')}\n-----END X509 CRL-----\n${ca.certificate}`,
    )
    fc.assert(
      fc.property(mutantOf([file, der]), (bytes) => {
        try {
          expect(readRevocationFile(bytes).lists).toHaveLength(1)
        } catch (error) {
          if (!(error instanceof RevocationListError)) throw error
        }
      }),
      { numRuns: 10_000 },
    )
  })
})
