// A signature that does not fit is explained: one row a cause, each made the way it happens in practice.
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { diagnose } from '../../src/domain/signature-diagnosis.ts'
import { sign } from '../../src/domain/signature.ts'
import { signedPrefix } from '../../src/domain/signed-prefix.ts'

const SECRET = '0123456789abcdef0123456789abcdef'
const WIRE = String.raw`{"object":"page","url":"https:\/\/example.com","text":"Gr\u00fc\u00dfe","n":1.0}`
const secrets = [{ name: 'APP_SECRET', secret: SECRET }]

function bytes(text: string, encoding: BufferEncoding = 'utf8'): Buffer {
  return Buffer.from(text, encoding)
}

/** The causes found for a file and the signature of other bytes. */
function causes(file: Buffer, signed: Buffer): readonly string[] {
  const diagnosis = diagnose({ body: file, field: sign(signed, SECRET), secrets })
  return diagnosis.outcome === 'fits' ? ['fits'] : diagnosis.findings.map(({ cause }) => cause)
}

describe('the diagnosis of a body', () => {
  const parsed: unknown = JSON.parse(WIRE)
  const again = JSON.stringify(parsed)
  it.each([
    ['the same bytes fit', WIRE, WIRE, 'fits'],
    ['an editor added a line end', `${WIRE}\n`, WIRE, 'newline'],
    ['an editor added CR LF', `${WIRE}\r\n`, WIRE, 'newline'],
    ['a line end was cut off', WIRE, `${WIRE}\n`, 'newline'],
    ['white space was trimmed', WIRE, `  ${WIRE}\n\n`, 'unknown'],
    ['white space was added', `  ${WIRE}\n\n`, WIRE, 'white space'],
    ['a byte order mark was added', `\uFEFF${WIRE}`, WIRE, 'byte order mark'],
    ['a byte order mark was stripped', WIRE, `\uFEFF${WIRE}`, 'byte order mark'],
    ['line ends became CR LF', '{\r\n"a":1\r\n}', '{\n"a":1\n}', 'line ends'],
    ['line ends became LF', '{\n"a":1\n}', '{\r\n"a":1\r\n}', 'line ends'],
    ['slashes were unescaped in a longer body', WIRE.replaceAll(String.raw`\/`, '/'), WIRE, 'escaped'],
    ['everything was unescaped', '{"a":"/ü"}', String.raw`{"a":"\/\u00fc"}`, 'escaped'],
    ['only slashes were unescaped', '{"a":"/x"}', String.raw`{"a":"\/x"}`, 'escaped'],
    ['the signer unescaped what came escaped', String.raw`{"a":"\/\u00fc"}`, '{"a":"/ü"}', 'unescaped'],
    ['the signer parsed and wrote it again', WIRE, again, 're-serialised'],
    ['the signer indented it', WIRE, JSON.stringify(parsed, undefined, 2), 're-serialised'],
    [
      'it was indented, and the wire was not',
      '{\n  "a": "x/y"\n}\n',
      String.raw`{"a":"x\/y"}`,
      're-serialised',
    ],
    ['the signer saw nothing', WIRE, '', 'empty'],
    ['something was added behind it', `${WIRE}trailing`, WIRE, 'longer than signed'],
    ['other bytes altogether', WIRE, 'something else', 'unknown'],
  ])('%s', (...[, file, signed, cause]) => {
    expect(causes(bytes(file), bytes(signed))).toEqual([cause])
  })

  it('sees Latin-1 that was written as UTF-8', () => {
    expect(causes(bytes('{"a":"ü"}', 'latin1'), bytes('{"a":"ü"}'))).toEqual(['re-encoded'])
  })
})

describe('the diagnosis of a field', () => {
  const body = bytes(WIRE)
  const good = sign(body, SECRET)
  const sha1 = createHmac('sha1', SECRET).update(body).digest('hex')
  it.each([
    ['sha1 of X-Hub-Signature', `sha1=${sha1}`, 'sha1', 'it fits'],
    ['sha1 without its name', sha1, 'sha1', 'it fits'],
    ['a sha1 of something else', `sha1=${'0'.repeat(40)}`, 'sha1', 'does not fit either'],
    ['upper case', good.toUpperCase(), 'field misspelt', 'upper-case'],
    ['white space', ` ${good}\n`, 'field misspelt', 'white space'],
    ['no sha256=', good.slice(7), 'field misspelt', 'no sha256='],
    ['quotes', `"${good}"`, 'field misspelt', 'quotes'],
    ['the whole field line', `X-Hub-Signature-256: ${good}`, 'field misspelt', 'the name'],
    ['base64', `sha256=${Buffer.from(good.slice(7), 'hex').toString('base64')}`, 'field misspelt', 'base64'],
    ['63 digits', good.slice(0, -1), 'not a signature', '63 hex digits'],
    ['nothing', '', 'not a signature', '0 hex digits'],
  ])('%s', (...[, field, cause, words]) => {
    const diagnosis = diagnose({ body, field, secrets })
    expect(diagnosis).toMatchObject({ outcome: 'differs', findings: [{ cause }] })
    expect(JSON.stringify(diagnosis)).toContain(words)
  })

  it('says both: a misspelt field over changed bytes', () => {
    const diagnosis = diagnose({ body: bytes(`${WIRE}\n`), field: good.slice(7), secrets })
    expect(diagnosis).toMatchObject({ findings: [{ cause: 'field misspelt' }, { cause: 'newline' }] })
  })
})

describe('the diagnosis of a secret', () => {
  const body = bytes(WIRE)
  it.each([
    ['a newline was left in it', `${SECRET}\n`],
    ['it was in quotes', `"${SECRET}"`],
    ['it was in upper case', SECRET.toUpperCase()],
  ])('%s', (_name, used) => {
    const diagnosis = diagnose({ body, field: sign(body, used), secrets })
    expect(diagnosis).toMatchObject({ findings: [{ cause: 'secret changed' }] })
  })

  it('names another configured secret, and never prints one', () => {
    const others = [{ name: 'app shop, secret 2', secret: 'another-secret-of-32-characters!' }]
    const diagnosis = diagnose({ body, field: sign(body, others[0]?.secret ?? ''), secrets, others })
    expect(diagnosis).toMatchObject({ findings: [{ cause: 'other secret' }] })
    expect(JSON.stringify(diagnosis)).toContain('app shop, secret 2')
    expect(JSON.stringify(diagnosis)).not.toContain('another-secret')
  })

  it('says which of several fits', () => {
    const two = [{ name: 'old', secret: 'x'.repeat(32) }, ...secrets]
    expect(diagnose({ body, field: sign(body, SECRET), secrets: two })).toEqual({
      outcome: 'fits',
      secret: 'APP_SECRET',
    })
  })
})

describe('the signed prefix', () => {
  it.each([0, 1, 63, 64, 65, 1000, 199_000, 199_999])('of %i bytes of 200000 is found', (length) => {
    const body = Buffer.alloc(200_000, 'abcdefg')
    const digest = createHmac('sha256', SECRET).update(body.subarray(0, length)).digest()
    expect(signedPrefix(body, SECRET, digest)).toBe(length)
  })

  it('works with a secret longer than a block', () => {
    const secret = 'k'.repeat(100)
    const digest = createHmac('sha256', secret).update('ab').digest()
    expect(signedPrefix(bytes('abc'), secret, digest)).toBe(2)
  })
})
