// Key pairs for the lab, made by node:crypto: node-forge knows RSA only, and slowly.
import { type KeyObject, generateKeyPairSync } from 'node:crypto'

export type KeyKind = 'rsa-1024' | 'rsa-2048' | 'rsa-4096' | 'p-256' | 'p-384' | 'ed25519'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const MAKERS: Readonly<Record<KeyKind, () => KeyPair>> = {
  'rsa-1024': () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'rsa-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-4096': () => generateKeyPairSync('rsa', { modulusLength: 4096 }),
  'p-256': () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  'p-384': () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  ed25519: () => generateKeyPairSync('ed25519'),
}

/** A new key pair at every call. RSA-2048 takes some 100 ms, the curves none to speak of. */
export function newKeyPair(kind: KeyKind): KeyPair {
  return MAKERS[kind]()
}

const shared = new Map<KeyKind, KeyPair>()

/** One key pair a kind and process: enough for leaves that live in the lab only. Authorities take new ones. */
export function sharedKeyPair(kind: KeyKind): KeyPair {
  const known = shared.get(kind) ?? newKeyPair(kind)
  shared.set(kind, known)
  return known
}

export function privateKeyPem({ privateKey }: KeyPair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
