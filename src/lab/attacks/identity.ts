// Attacks with certificates that OpenSSL or the profile rules refuse: no chain, wrong time, wrong purpose, weak.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { RefusalCode } from '../../domain/refusals.ts'
import { exchange } from '../exchange.ts'
import {
  type ClientIdentity,
  type LeafOptions,
  META_CLIENT_NAME,
  metaShaped,
  selfSigned,
} from '../pki/authorities.ts'
import { issue } from '../pki/certificate.ts'
import {
  type Attack,
  type AttackContext,
  type Authorities,
  challengeOf,
  closed,
  deliveryOf,
  dialOf,
  say,
} from './attack.ts'

const DAY = 86_400_000

export const certificateAttacks: readonly Attack[] = [
  bare('no-certificate', 'no client certificate, TLS 1.3', (context) =>
    say(context, [deliveryOf(context)], { dial: dialOf(context, { identity: undefined }) }),
  ),
  bare('no-certificate-1.2', 'no client certificate, TLS 1.2', (context) =>
    say(context, [deliveryOf(context)], {
      dial: dialOf(context, { identity: undefined, tls: { maxVersion: 'TLSv1.2' } }),
    }),
  ),
  bare('session-1.2', "a good client's TLS 1.2 session, then no certificate", (context) =>
    resumed(context, 'TLSv1.2'),
  ),
  bare('session-1.3', "a good client's TLS 1.3 session, then no certificate", (context) =>
    resumed(context, 'TLSv1.3'),
  ),
  stranger('self-signed', 'self-signed, with the right name', () => selfSigned()),
  stranger('unknown-root', 'the right name, under a root that is no anchor', () =>
    metaShaped('p-256').client(),
  ),
  issued('same-named-root', 'the right name, under a root of the same name with another key', {
    code: 'CERTIFICATE_UNTRUSTED',
    make: ({ meta }) => {
      const twin = issue({ subject: meta.root.subject, authority: { pathLength: 0 }, key: 'p-256' })
      return meta.client({ issuer: twin })
    },
  }),
  issued('missing-intermediate', 'the intermediate is not sent', {
    code: 'CERTIFICATE_UNTRUSTED',
    make: ({ digicert }) => digicert.client({ chain: [] }),
  }),
  issued('path-length', 'an intermediate below a root that allows none', {
    code: 'CERTIFICATE_PROFILE',
    make: ({ meta }) => {
      const below = issue({ subject: SUB, issuer: meta.root, authority: {}, key: 'p-256' })
      return meta.client({ issuer: below, chain: [below] })
    },
  }),
  issued('leaf-as-authority', 'issued by a leaf that is no authority', {
    code: 'CERTIFICATE_UNTRUSTED',
    make: ({ meta }) => {
      const leaf = meta.client({ commonNames: ['some.other.example'] }).leaf
      return meta.client({ issuer: leaf, chain: [leaf] })
    },
  }),
  issued('name-constraints', 'an intermediate that may not issue this name', {
    code: 'CERTIFICATE_UNTRUSTED',
    make: ({ digicert }) => {
      const bound = issue({
        subject: SUB,
        issuer: digicert.root,
        authority: {},
        key: 'p-256',
        permittedDnsNames: ['example.org'],
      })
      return digicert.client({ issuer: bound, chain: [bound], altNames: [META_CLIENT_NAME] })
    },
  }),
  issued('expired', 'expired yesterday', {
    code: 'CERTIFICATE_EXPIRED',
    leaf: () => ({ notBefore: inDays(-30), notAfter: inDays(-1) }),
  }),
  issued('not-yet-valid', 'valid from tomorrow', {
    code: 'CERTIFICATE_EXPIRED',
    leaf: () => ({ notBefore: inDays(1), notAfter: inDays(30) }),
  }),
  issued('intermediate-expired', 'a good leaf below an expired intermediate', {
    code: 'CERTIFICATE_EXPIRED',
    make: ({ digicert }) => {
      const old = issue({
        subject: SUB,
        issuer: digicert.root,
        authority: {},
        key: 'p-256',
        notBefore: inDays(-30),
        notAfter: inDays(-1),
      })
      return digicert.client({ issuer: old, chain: [old] })
    },
  }),
  profile('server-auth-only', 'for TLS servers only (extended key usage)', {
    extendedKeyUsage: ['serverAuth'],
  }),
  profile('no-purpose', 'no extended key usage at all', { extendedKeyUsage: [] }),
  profile('any-purpose', 'for any purpose', { extendedKeyUsage: ['any'] }),
  profile('authority-as-client', 'a certificate authority (CA:TRUE)', {
    authority: {},
    key: 'p-256',
    keyUsage: ['digitalSignature', 'certSign'],
    extendedKeyUsage: ['clientAuth'],
  }),
  profile('two-names', 'two common names, the right one last', {
    commonNames: ['evil.example', META_CLIENT_NAME],
  }),
  profile('two-names-reversed', 'two common names, the right one first', {
    commonNames: [META_CLIENT_NAME, 'evil.example'],
  }),
  profile('name-twice', 'the right common name, twice', {
    commonNames: [META_CLIENT_NAME, META_CLIENT_NAME],
  }),
  profile('name-in-san-only', 'no common name, the right one as alternative name', {
    commonNames: [],
    altNames: [META_CLIENT_NAME],
  }),
  profile('sha1-leaf', 'signed with SHA-1', { digest: 'sha1' }),
  profile('rsa-1024', 'an RSA key of 1024 bits', { key: 'rsa-1024' }),
]

const SUB = [{ type: 'CN', value: 'Lab Subordinate CA' }] as const

type Send = Attack['send']

function attack(row: { id: string; title: string; code: RefusalCode; send: Send }): Attack {
  const { code, ...rest } = row
  return { ...rest, chapter: 'certificate', gate: 'certificate', expect: closed(code) }
}

function bare(id: string, title: string, send: Send): Attack {
  return attack({ id, title, code: 'CERTIFICATE_MISSING', send })
}

function stranger(id: string, title: string, make: () => ClientIdentity): Attack {
  return attack({ id, title, code: 'CERTIFICATE_UNTRUSTED', send: (context) => present(context, make()) })
}

interface IssuedOptions {
  readonly code: RefusalCode
  readonly leaf?: () => LeafOptions
  readonly make?: (authorities: Authorities) => ClientIdentity
}

function issued(id: string, title: string, { code, leaf, make }: IssuedOptions): Attack {
  return {
    ...attack({
      id,
      title,
      code,
      send: (context) => {
        const { authorities } = context
        if (authorities === undefined) throw new Error(`${id} needs the lab's authorities`)
        return present(context, make?.(authorities) ?? authorities.meta.client(leaf?.()))
      },
    }),
    needs: 'authorities',
  }
}

function profile(id: string, title: string, leaf: LeafOptions): Attack {
  return issued(id, title, { code: 'CERTIFICATE_PROFILE', leaf: () => leaf })
}

/** A perfect delivery under another certificate. Level 0: the client itself must not refuse weak ones. */
export function present(context: AttackContext, identity: ClientIdentity) {
  return say(context, [deliveryOf(context)], {
    dial: dialOf(context, { identity, tls: { ciphers: 'DEFAULT@SECLEVEL=0' } }),
  })
}

async function resumed(context: AttackContext, version: 'TLSv1.2' | 'TLSv1.3') {
  let session: Buffer | undefined
  const keep = (socket: Socket) => {
    if (!(socket instanceof TLSSocket)) return
    session = socket.getSession()
    socket.on('session', (later) => (session = later))
  }
  const tls = { minVersion: version, maxVersion: version }
  // The first connection is good: a challenge, which leaves nothing at the consumer.
  await exchange({ dial: dialOf(context, { tls }), steps: [challengeOf(context)], opened: keep })
  const again = session === undefined ? tls : { ...tls, session }
  return say(context, [deliveryOf(context)], { dial: dialOf(context, { identity: undefined, tls: again }) })
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY)
}
