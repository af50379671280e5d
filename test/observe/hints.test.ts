// The hint in a record: what an operator should do where a peer inside the allow-list came without a good certificate.
import { expect, it } from 'vitest'
import { hintOf } from '../../src/observe/hints.ts'
import { delivered } from './records.ts'

const MISSING = { gate: 'certificate', code: 'CERTIFICATE_MISSING', detail: 'no client certificate' } as const

it.each([
  [
    'no certificate, from the allow-list',
    { gate: 'certificate', code: 'CERTIFICATE_MISSING' },
    /mutual TLS .*client\.require: deliveries/,
  ],
  ['no certificate, while the gate observes', { observed: [MISSING] }, /mutual TLS/],
  [
    'a foreign root, from the allow-list',
    { gate: 'certificate', code: 'CERTIFICATE_UNTRUSTED' },
    /hubgate anchor add/,
  ],
  [
    'a root that is staged, whose promotion the detail advises',
    {
      gate: 'certificate',
      code: 'CERTIFICATE_UNTRUSTED',
      detail: `OpenSSL: X; staged anchor "a" would admit it`,
    },
    undefined,
  ],
  ['a client that is not pinned', { gate: 'pins', code: 'CERTIFICATE_UNTRUSTED' }, undefined],
  [
    'no certificate, from outside it',
    { gate: 'certificate', code: 'CERTIFICATE_MISSING', prefix: undefined },
    undefined,
  ],
  ['a wrong signature', { code: 'SIGNATURE_MISMATCH' }, undefined],
  ['a good delivery', {}, undefined],
] as const)('%s', (_name, change, expected) => {
  const whole = delivered(change)
  const hint = hintOf(whole, whole)
  if (expected === undefined) expect(hint).toBeUndefined()
  else expect(hint).toMatch(expected)
})
