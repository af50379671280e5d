// The zip in which Meta offers its root: the one certificate in it, or clear words. Nothing of it reaches a disk.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Zippable, strToU8, zipSync } from 'fflate'
import { afterAll, describe, expect, it } from 'vitest'
import { certificateInZip, isZip } from '../../src/cli/anchor-zip.ts'
import { metaShaped } from '../../src/lab/pki/authorities.ts'
import { AnchorFileError, parseAnchors } from '../../src/tls/anchors.ts'
import { itWith } from '../support/programs.ts'

const { certificate, der } = metaShaped('p-256').root
const PEM = strToU8(certificate)
const directory = mkdtempSync(join(tmpdir(), 'hubgate-zip-'))

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('a zip with one certificate', () => {
  it.each<[string, Zippable]>([
    ['as a PEM file', { 'meta.pem': PEM }],
    ['stored, not packed', { 'meta.pem': [PEM, { level: 0 }] }],
    ['as DER', { 'meta.cer': der }],
    ['in a folder', { 'Meta Outbound API CA/': new Uint8Array(), 'Meta Outbound API CA/META.PEM': PEM }],
    [
      "with a Mac's junk",
      { 'ca/meta.pem': PEM, '__MACOSX/ca/._meta.pem': strToU8('junk'), 'ca/.DS_Store': strToU8('junk') },
    ],
    ['beside a text', { 'README.txt': strToU8('compare the fingerprint'), 'meta.crt': PEM }],
    ['under a name that leads elsewhere', { '../../etc/passwd.pem': PEM }],
    ['under an absolute name', { '/etc/meta.pem': PEM }],
  ])('%s is read', (_name, files) => {
    const zip = zipSync(files)
    expect(isZip(zip)).toBe(true)
    const [found] = parseAnchors(certificateInZip(zip))
    expect(found?.raw.equals(der)).toBe(true)
  })

  itWith('zip')('is read as the zip program makes it, with its folder', () => {
    mkdirSync(join(directory, 'meta'), { recursive: true })
    writeFileSync(join(directory, 'meta/root.pem'), certificate)
    execFileSync('zip', ['-qr', 'meta.zip', 'meta'], { cwd: directory })
    const zip = readFileSync(join(directory, 'meta.zip'))
    expect(Buffer.from(certificateInZip(zip)).toString()).toBe(certificate)
  })

  itWith('zip')('is read as it comes out of a pipe, its sizes behind it', () => {
    const zip = execFileSync('zip', ['-q', '-', 'root.pem'], { cwd: join(directory, 'meta') })
    expect(Buffer.from(certificateInZip(zip)).toString()).toBe(certificate)
  })

  itWith('zip')('locked with a password is told', () => {
    const args = ['-qP', 'x', 'locked.zip', 'meta/root.pem']
    execFileSync('zip', args, { cwd: directory })
    expect(wordsOf(readFileSync(join(directory, 'locked.zip')))).toMatch(/locked with a password.*unpack it/)
  })
})

describe('a zip that is not clear', () => {
  const good = zipSync({ 'meta.pem': PEM })
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', zipSync({}), /no certificate file, but nothing/],
    ['only a folder', zipSync({ 'a/': new Uint8Array() }), /no certificate file, but nothing/],
    ['only junk', zipSync({ '__MACOSX/._a.pem': PEM }), /no certificate file, but nothing/],
    ['only a text', zipSync({ 'README.txt': PEM }), /no certificate file, but README\.txt.*\.pem/],
    ['two certificates', zipSync({ 'a.pem': PEM, 'b.crt': PEM }), /2 certificate files: a\.pem, b\.crt/],
    ['a zip in it', zipSync({ 'meta.zip': good }), /another zip/],
    ['a hundred and one files', many(101), /more than 100 files/],
    ['a name that acts on terminals', zipSync({ '\u001b[2J.txt': PEM }), /\\u\{1b\}\[2J\.txt/],
    ['an end that is cut off', good.subarray(0, good.length - 30), /damaged/],
    ['a beginning and no more', good.subarray(0, 4), /damaged/],
    ['packed bytes that are none', patched(good, 38, [0xff, 0xff, 0xff, 0xff]), /damaged/],
    ['an unknown way of packing', patched(good, directoryAt(good) + 10, [99]), /damaged/],
    ['a directory elsewhere', patched(good, good.length - 6, [0xff, 0xff, 0xff, 0x0f]), /damaged|nothing/],
    [
      'many entries that are not there',
      patched(good, good.length - 14, [0xff, 0x7f]),
      /damaged|more than 100|holds/,
    ],
    ['a flag of a password', patched(good, directoryAt(good) + 8, [1]), /locked with a password/],
    ['more than 256 KiB', zipSync({ 'a.pem': [noise(300_000), { level: 0 }] }), /larger than 262144 bytes/],
  ])('%s is told in words', (_name, zip, expected) => expect(wordsOf(zip)).toMatch(expected))

  it.each([1, 100, PEM.length - 1])('that claims %d bytes gives none', (claim) => {
    expect(() => certificateInZip(claiming(good, claim))).toThrow(/does not fit its check sum/)
  })

  it('that claims too much gives no more than it holds', () =>
    expect(() => certificateInZip(claiming(good, PEM.length + 1))).toThrow(/not as long as it says/))

  it('is never unpacked beyond what it claims, and claims at most what an anchor file may have', () => {
    const bomb = zipSync({ 'meta.pem': [new Uint8Array(200 * 1024 * 1024), { level: 9 }] }, { mem: 4 })
    expect(bomb.length).toBeLessThan(256 * 1024)
    expect(wordsOf(bomb)).toMatch(/meta\.pem in the zip is larger than 1048576 bytes/)
    const before = process.memoryUsage().arrayBuffers
    expect(wordsOf(claiming(bomb, 1000))).toMatch(/check sum/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  })

  it('with a byte changed anywhere is a certificate, or told in words: nothing else', () => {
    for (let at = 0; at < good.length; at++)
      for (const value of [0x00, 0xff, (good[at] ?? 0) ^ 1]) {
        const zip = patched(good, at, [value])
        try {
          for (const found of parseAnchors(certificateInZip(zip))) expect(found.raw.equals(der)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(AnchorFileError)
        }
      }
  })
})

it.each([
  ['PEM', PEM],
  ['DER', der],
  ['nothing', new Uint8Array()],
  ['two letters', strToU8('PK')],
])('%s is no zip', (_name, bytes) => expect(isZip(bytes)).toBe(false))

function wordsOf(zip: Uint8Array): string {
  try {
    certificateInZip(zip)
    return 'no error'
  } catch (error) {
    if (error instanceof AnchorFileError) return `${error.message} — ${error.hint}`
    throw error
  }
}

function patched(zip: Uint8Array, at: number, bytes: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(zip)
  copy.set(bytes, at)
  return copy
}

function directoryAt(zip: Uint8Array): number {
  return Buffer.from(zip).indexOf('PK\x01\x02', 0, 'latin1')
}

/** The same with another unpacked size, in both places where it stands. */
function claiming(zip: Uint8Array, size: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(size)
  return patched(patched(zip, 22, [...bytes]), directoryAt(zip) + 24, [...bytes])
}

function many(count: number): Uint8Array {
  return zipSync(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.txt`, strToU8('x')])))
}

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24)
}
