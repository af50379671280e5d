// Plays each front: turns what a client presented, and whence, into the fields that front would send. And a world behind one.
import { X509Certificate, createHash } from 'node:crypto'
import type { Config, Front } from '../../src/config/config.ts'
import type { Exchange, ExchangeOptions } from '../../src/lab/exchange.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { FieldLine } from '../../src/lab/request.ts'
import { delivery, send } from './sender.ts'
import { type World, type WorldOptions, startWorld } from './world.ts'

export type FrontName = Exclude<Front, 'direct'>

export interface Fronted {
  /** Undefined: no client certificate. */
  readonly identity: Pick<ClientIdentity, 'certificate'> | undefined
  /** Of the client; default: in the list of a world. */
  readonly address?: string
}

/** What the front says of a request. It found nothing wrong with the certificate: that is for hubgate to see. */
export const FRONT_FIELDS: Readonly<Record<FrontName, (fronted: Fronted) => FieldLine[]>> = {
  nginx: ({ identity, address }) => [
    ['X-SSL-Client-Verify', identity === undefined ? 'NONE' : 'SUCCESS'],
    ...some(identity, ([leaf]): FieldLine[] => [
      ['X-SSL-Client-Escaped-Cert', encodeURIComponent(pemOf(leaf))],
    ]),
    forwardedFor(address),
  ],
  haproxy: ({ identity, address }) => {
    const [leaf, ...others] = chainOf(identity)
    return [
      ['X-SSL-Client-Verify', '0'],
      ['X-SSL-Client-DER', leaf === undefined ? '' : leaf.toString('base64')],
      ['X-SSL-Client-Chain-DER', Buffer.concat(others).toString('base64')],
      forwardedFor(address),
    ]
  },
  'alb-verify': ({ identity, address }) => [
    ...some(identity, ([leaf]) => albWords(leaf)),
    forwardedFor(address),
  ],
  'alb-passthrough': ({ identity, address }) => [
    ...some(identity, (chain): FieldLine[] => [
      ['X-Amzn-Mtls-Clientcert', albEncoded(chain.map(pemOf).join(''))],
    ]),
    forwardedFor(address),
  ],
  envoy: ({ identity, address }) => [
    ...some(identity, (chain): FieldLine[] => {
      const [leaf] = chain
      const encoded = (some: readonly Buffer[]) => encodeURIComponent(some.map(pemOf).join(''))
      const hash = createHash('sha256').update(leaf).digest('hex')
      return [['X-Forwarded-Client-Cert', `Hash=${hash};Cert="${encoded([leaf])}";Chain="${encoded(chain)}"`]]
    }),
    forwardedFor(address),
  ],
  cloudflare: ({ identity, address = CLIENT }) => [
    ...some(identity, ([leaf]): FieldLine[] => [
      ['Cf-Client-Cert-Der-Base64', leaf.toString('base64')],
      ['Cf-Client-Cert-Sha256', createHash('sha256').update(leaf).digest('hex')],
    ]),
    ['Cf-Connecting-IP', address],
  ],
  rfc9440: ({ identity, address }) => [
    ...some(identity, ([leaf, ...others]): FieldLine[] => [
      ['Client-Cert', byteSequence(leaf)],
      ...(others.length === 0
        ? []
        : [['Client-Cert-Chain', others.map(byteSequence).join(', ')] satisfies FieldLine]),
    ]),
    forwardedFor(address),
  ],
}

/** In the allow-list of a world. */
export const CLIENT = '31.13.64.7'

export const FRONT_NAMES = Object.keys(FRONT_FIELDS).filter((name): name is FrontName => name in FRONT_FIELDS)

/** Those that pass more than the leaf: the others need its issuer as an anchor. */
export const WITH_CHAIN: readonly FrontName[] = ['haproxy', 'alb-passthrough', 'envoy', 'rfc9440']

/** The settings of a gateway behind a front that speaks plain HTTP from loopback. */
export function behind(front: FrontName, config: Config): Config {
  return {
    ...config,
    tls: undefined,
    listen: { ...config.listen, front, trustedPeers: ['127.0.0.1/32'] },
    sources: { ...config.sources },
  }
}

/** A world behind a front. Its machines are all of loopback's 127.0.0.1; 127.0.0.2 is nobody. */
export function startFronted(
  front: FrontName,
  { change, ...options }: Omit<WorldOptions, 'change'> & { change?: (config: Config) => Config },
): Promise<World> {
  return startWorld({
    ...options,
    change: (config) => {
      const changed = behind(front, config)
      return change?.(changed) ?? changed
    },
  })
}

/** A good delivery from the front, with these fields on top. */
export function sendFronted(
  world: World,
  fields: readonly FieldLine[],
  options: Partial<ExchangeOptions> & { localAddress?: string; bytes?: Uint8Array } = {},
): Promise<Exchange> {
  const { localAddress, bytes = delivery({ add: fields }), ...rest } = options
  const from = localAddress === undefined ? {} : { localAddress }
  const dial = { host: '127.0.0.1', port: world.port, tls: false, ...from } as const
  return send(world, [bytes], { dial, ...rest })
}

export function chainOf(identity: Pick<ClientIdentity, 'certificate'> | undefined): Buffer[] {
  return [
    ...(identity?.certificate ?? '').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g),
  ].map(([, base64 = '']) => Buffer.from(base64, 'base64'))
}

export function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** As AWS writes it: `+`, `=` and `/` stay. */
export function albEncoded(pem: string): string {
  return encodeURIComponent(pem).replaceAll('%2B', '+').replaceAll('%3D', '=').replaceAll('%2F', '/')
}

export function byteSequence(der: Buffer): string {
  return `:${der.toString('base64')}:`
}

function forwardedFor(address = CLIENT): FieldLine {
  return ['X-Forwarded-For', address]
}

function some(
  identity: Fronted['identity'],
  fields: (chain: readonly [Buffer, ...Buffer[]]) => FieldLine[],
): FieldLine[] {
  const [leaf, ...others] = chainOf(identity)
  return leaf === undefined ? [] : fields([leaf, ...others])
}

// OpenSSL's names are one a line, the last attribute last; RFC 2253 has them the other way round.
function albWords(leaf: Buffer): FieldLine[] {
  const { serialNumber, subject, issuer, validFromDate, validToDate } = parsed(leaf)
  // Node's text is escaped as RFC 2253 has it, but for spaces around "+"; on the wire it is UTF-8.
  const name = (lines: string | undefined) => {
    const text = (lines ?? '').split('\n').toReversed().join(',').replaceAll(' + ', '+')
    return Buffer.from(text, 'utf8').toString('latin1')
  }
  const time = (date: Date) => date.toISOString().replace('.000Z', 'Z')
  return [
    ['X-Amzn-Mtls-Clientcert-Serial-Number', serialNumber],
    ['X-Amzn-Mtls-Clientcert-Issuer', name(issuer)],
    ['X-Amzn-Mtls-Clientcert-Subject', name(subject)],
    ['X-Amzn-Mtls-Clientcert-Validity', `NotBefore=${time(validFromDate)};NotAfter=${time(validToDate)}`],
    ['X-Amzn-Mtls-Clientcert-Leaf', albEncoded(pemOf(leaf))],
  ]
}

function parsed(leaf: Buffer) {
  const { serialNumber, subject, issuer, validFrom, validTo } = new X509Certificate(leaf)
  return { serialNumber, subject, issuer, validFromDate: new Date(validFrom), validToDate: new Date(validTo) }
}
