// Keys and signature algorithms of a leaf, sound and weak, common and rare.
import { type KeyPairKeyObjectResult, constants, generateKeyPairSync, publicDecrypt } from 'node:crypto'
import { META_CLIENT_NAME } from '../../../src/lab/pki/authorities.ts'
import { issue } from '../../../src/lab/pki/certificate.ts'
import { sharedKeyPair } from '../../../src/lab/pki/keys.ts'
import { type Change, RSA_SIGNINGS, altered, part } from '../../support/altered-certificate.ts'
import { at, element, parse, replaced, write } from '../../support/der-tree.ts'
import { type Case, metaLeaf } from './case.ts'

const rsa = (modulusLength: number, publicExponent = 0x10001) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })

const SOUND: readonly (readonly [name: string, key: () => KeyPairKeyObjectResult])[] = [
  ['RSA of 2049 bits', () => rsa(2049)],
  ['RSA-3072', () => rsa(3072)],
  ['RSA-2048 with exponent 3', () => rsa(2048, 3)],
  ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ['P-256', () => ec('P-256')],
  ['P-384', () => ec('P-384')],
  ['P-521', () => ec('P-521')],
  ['Ed25519', () => generateKeyPairSync('ed25519')],
]

const UNSOUND: readonly (readonly [name: string, key: () => KeyPairKeyObjectResult, because: RegExp])[] = [
  ['RSA-1024', () => rsa(1024), /^key rsa of 1024 bits is too weak: 2048 at least$/],
  ['RSA of 2047 bits', () => rsa(2047), /^key rsa of 2047 bits is too weak: 2048 at least$/],
  [
    'RSA-PSS of 1024 bits',
    () => generateKeyPairSync('rsa-pss', { modulusLength: 1024 }),
    /^key rsa of 1024 bits/,
  ],
  ['Ed448', () => generateKeyPairSync('ed448'), /^key ed448 \(1\.3\.101\.113\) is too weak or unknown$/],
]

/** Another SubjectPublicKeyInfo in the leaf: of a key kind, or with its bits changed. */
const withKey = (change: (spki: ReturnType<typeof parse>) => ReturnType<typeof element>): Change =>
  part('key', (was) => [change(was)])

const bitString = (bytes: Uint8Array) => element(0x03, Buffer.of(0), bytes)
const SHARED_P256 = () => sharedKeyPair('p-256').publicKey.export({ type: 'spki', format: 'der' })
const pointOf = (spki: Uint8Array) => spki.subarray(spki.length - 65)

const compressed = withKey((spki) => {
  const point = pointOf(write(spki))
  return replaced(spki, [1], () => [
    bitString(Buffer.concat([Buffer.of(2 + ((point[64] ?? 0) & 1)), point.subarray(1, 33)])),
  ])
})
const hybrid = withKey((spki) => {
  const point = pointOf(write(spki))
  return replaced(spki, [1], () => [
    bitString(Buffer.concat([Buffer.of(6 + ((point[64] ?? 0) & 1)), point.subarray(1)])),
  ])
})
const offCurve = withKey((spki) => {
  const point = Buffer.from(pointOf(write(spki)))
  point.writeUInt8(point.readUInt8(64) ^ 1, 64)
  return replaced(spki, [1], () => [bitString(point)])
})

const withExponent = (...exponent: number[]): Change =>
  withKey((spki) => {
    const numbers = parse(write(at(spki, 1)).subarray(spkiHead(write(at(spki, 1)))))
    return replaced(spki, [1], () => [
      bitString(write(element(0x30, at(numbers, 0), element(0x02, Buffer.from(exponent))))),
    ])
  })

// Tag, length of three bytes, and the count of unused bits.
const spkiHead = (bits: Buffer) => (bits[1] === 0x82 ? 5 : 4)

/** What RSA signs before its exponent hides it: under exponent 1 that is the whole signature, and anybody can make it. */
const underExponentOne = (signature: Buffer): Buffer => {
  const key = sharedKeyPair('rsa-2048').publicKey
  return publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature)
}

const asKey = (name: string, change: Change, rest: Pick<Case, 'verdict' | 'because' | 'proof'>): Case => ({
  name: `its key is ${name}`,
  present: ({ meta }) =>
    altered(meta.client({ key: name.startsWith('P-256') ? 'p-256' : 'rsa-2048' }), meta.root, change),
  raw: true,
  ...rest,
})

/** Of kinds that cannot sign a handshake, or not one that the gateway takes part in: the client proves another key. */
const NO_PROOF: readonly (readonly [name: string, spki: () => Buffer])[] = [
  ['X25519', () => spkiOf(generateKeyPairSync('x25519'))],
  ['secp256k1', () => spkiOf(ec('secp256k1'))],
  ['P-192', () => spkiOf(ec('prime192v1'))],
  ['P-224', () => spkiOf(ec('secp224r1'))],
  ['brainpoolP256r1', () => spkiOf(ec('brainpoolP256r1'))],
  ['DSA', () => spkiOf(generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }))],
  [
    'P-256 by its parameters',
    () => spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })),
  ],
  ['another one than that it signs with', () => SHARED_P256()],
  [
    'of a kind nobody knows',
    () => write(element(0x30, element(0x30, element(0x06, Buffer.of(0x2a, 3, 4))), bitString(Buffer.of(1)))),
  ],
]

function spkiOf({ publicKey }: KeyPairKeyObjectResult): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

const WEAK: readonly (readonly [name: keyof typeof RSA_SIGNINGS, because: RegExp])[] = [
  ['md5', /^signed with MD5 and RSA \(1\.2\.840\.113549\.1\.1\.4\), which is too weak or unknown$/],
  ['sha1', /^signed with SHA-1 and RSA/],
  ['sha224', /^signed with SHA-224 and RSA/],
  ['pss-sha1', /^signed with RSASSA-PSS and SHA-1/],
]

export const KEYS: readonly Case[] = [
  ...SOUND.map(([name, key]): Case => ({
    name: `its key is ${name}`,
    present: (authorities) => metaLeaf({ key: key() })(authorities),
    verdict: 'admitted',
  })),
  ...UNSOUND.map(([name, key, because]): Case => ({
    name: `its key is ${name}`,
    present: (authorities) => metaLeaf({ key: key() })(authorities),
    verdict: 'CERTIFICATE_PROFILE',
    because,
  })),
  asKey('P-256 with a compressed point', compressed, { verdict: 'admitted' }),
  asKey('P-256 with a hybrid point', hybrid, {
    verdict: 'CERTIFICATE_PROFILE',
    because: /with a malformed point/,
  }),
  asKey('P-256 with a point off the curve', offCurve, { verdict: 'TLS_FAILED' }),
  asKey('RSA-2048 with exponent 1', withExponent(1), {
    verdict: 'CERTIFICATE_PROFILE',
    because: /^key rsa has the unsound exponent 0x01$/,
    proof: underExponentOne,
  }),
  asKey('RSA-2048 with an even exponent', withExponent(4), { verdict: 'TLS_FAILED' }),
  asKey('RSA-2048 with a negative exponent', withExponent(0xff), { verdict: 'TLS_FAILED' }),
  asKey(
    'RSA-2048 with parameters of its own',
    withKey((spki) => replaced(spki, [0, 1], () => [element(0x04, Buffer.of(1))])),
    { verdict: 'CERTIFICATE_PROFILE', because: /^key rsa with parameters is too weak or unknown$/ },
  ),
  ...NO_PROOF.map(([name, spki]) =>
    asKey(
      name,
      withKey(() => parse(spki())),
      { verdict: 'TLS_FAILED' },
    ),
  ),
  ...WEAK.map(([kind, because]): Case => ({
    name: `it is signed with ${kind}`,
    present: ({ meta }) => altered(meta.client(), { issuer: meta.root, ...RSA_SIGNINGS[kind] }, (tbs) => tbs),
    verdict: 'CERTIFICATE_PROFILE',
    because,
  })),
  ...(['pss-sha256', 'pss-sha512'] as const).map((kind): Case => ({
    name: `it is signed with ${kind}`,
    present: ({ meta }) => altered(meta.client(), { issuer: meta.root, ...RSA_SIGNINGS[kind] }, (tbs) => tbs),
    verdict: 'admitted',
  })),
  ...(['sha256', 'sha384', 'sha512'] as const).map((digest): Case => ({
    name: `it is signed with ECDSA and ${digest}`,
    present: ({ meta, odd }) => meta.client({ issuer: odd.twins[0], digest }),
    verdict: 'admitted',
  })),
  {
    name: 'it is signed with ECDSA and sha1',
    present: ({ meta, odd }) => meta.client({ issuer: odd.twins[0], digest: 'sha1' }),
    verdict: 'CERTIFICATE_PROFILE',
    because: /^signed with SHA-1 and ECDSA/,
  },
  {
    name: 'it is signed with Ed25519',
    present: ({ meta, digicert }) => {
      const authority = issue({
        subject: [{ type: 'CN', value: 'Lab Ed25519' }],
        issuer: digicert.root,
        authority: {},
        key: 'ed25519',
      })
      return meta.client({ commonNames: [META_CLIENT_NAME], issuer: authority, chain: [authority] })
    },
    verdict: 'admitted',
  },
]
