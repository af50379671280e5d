// The effective configuration: every default filled in, every value parsed. Sizes in bytes, durations in milliseconds,
// paths absolute. config/schema.ts says how it is written; nothing here is read from the world again.
import type { Secret } from './secret.ts'

export interface Config {
  /** The file it was read from; undefined for an embedded gateway. */
  readonly file: string | undefined
  readonly state: string
  readonly listen: {
    readonly address: readonly ListenAddress[]
    readonly workers: number | 'auto'
    readonly fastLane: boolean
    readonly front: Front
    readonly proxyProtocol: 'none' | 'required'
    readonly trustedPeers: readonly string[]
  }
  /** Undefined: this listener speaks no TLS (only with a front other than direct). */
  readonly tls: TlsConfig | undefined
  readonly client: {
    readonly require: 'always' | 'deliveries' | 'observe'
    readonly commonNames: readonly string[]
    readonly anchors: readonly AnchorConfig[]
    /** Certificates below an anchor, the leaf included. */
    readonly maxDepth: number
    /** SHA-256 of a leaf or of its public key, lower-case hex; empty: none is demanded. */
    readonly pins: readonly string[]
    readonly trustGrace: number
    readonly revocation: RevocationConfig
  }
  readonly sources: {
    readonly mode: 'enforce' | 'observe' | 'none'
    readonly allowlist: string
    /** Prefixes, valid by the grammar of domain/address.ts. */
    readonly extra: readonly string[]
    readonly maxAge: number
    /** Undefined: somebody else refreshes the list. */
    readonly refresh: { readonly every: number } | undefined
    readonly registry: RegistryConfig
    readonly guards: GuardsConfig
  }
  readonly apps: Readonly<Record<string, AppConfig>>
  readonly routes: readonly RouteConfig[]
  readonly limits: {
    readonly body: number
    readonly head: number
    readonly bodiesInMemory: number
    readonly handshakeTimeout: number
    readonly headTimeout: number
    readonly bodyTimeout: number
    readonly idleTimeout: number
    readonly connections: number
    readonly connectionsPerAddress: number
  }
  readonly shutdown: { readonly delay: number; readonly timeout: number }
  readonly admin: { readonly address: ListenAddress; readonly token: Secret | undefined }
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'pretty' }
}

export type Front =
  | 'direct'
  | 'nginx'
  | 'alb-verify'
  | 'alb-passthrough'
  | 'envoy'
  | 'haproxy'
  | 'cloudflare'
  | 'rfc9440'
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Where to listen. `host` undefined: all addresses of both families. Port 0: any free one. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface TlsConfig extends CertificateFiles {
  /** Further certificates, chosen by SNI. */
  readonly others: readonly CertificateFiles[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** `name` is unique among the anchors; for a builtin one it is the builtin's. */
export type AnchorConfig = AnchorLife &
  (
    | { readonly kind: 'builtin'; readonly name: string; readonly builtin: 'digicert-ev' }
    | { readonly kind: 'file'; readonly name: string; readonly file: string }
  )

export interface AnchorLife {
  readonly state: AnchorState
  /** Staged before. */
  readonly from?: Date | undefined
  /** Retired from then on. */
  readonly until?: Date | undefined
}

export type AnchorState = 'active' | 'staged' | 'retired'

export interface RevocationConfig {
  readonly mode: 'none' | 'soft' | 'hard'
  readonly refresh: number
  readonly files: readonly string[]
  readonly urls: readonly string[]
}

/** Newest first: several while one is rotated. */
export interface AppConfig {
  readonly secrets: readonly Secret[]
  readonly verifyTokens: readonly Secret[]
}

export interface RouteConfig {
  readonly path: string
  readonly apps: readonly string[]
  /** http://…, https://… or unix:/path:/uri. */
  readonly upstream: string
  readonly timeout: number
  readonly mode: 'relay' | 'inbox' | 'unsigned'
  readonly answer: 'status' | 'full'
  readonly challenge: 'answer' | 'forward'
  readonly host: 'received' | 'upstream'
  readonly clientCert: boolean
  readonly unsafeUnsigned: boolean
}

/** How the routing registry is asked, and what of its answer is believed. */
export interface RegistryConfig {
  readonly server: { readonly host: string; readonly port: number }
  readonly protocol: 'whois' | 'irrd'
  readonly sources: readonly string[]
  readonly origin: string
  readonly maintainers: Readonly<Record<string, readonly string[]>>
  readonly connectTimeout: number
  readonly readTimeout: number
  readonly totalTimeout: number
  readonly maxAnswer: number
  readonly tries: number
}

/** What a new list has to fulfil. */
export interface GuardsConfig {
  /** Route objects before aggregation. */
  readonly minIPv4: number
  readonly minIPv6: number
  /** IPv4 addresses after aggregation. */
  readonly minAddresses: number
  readonly maxAddresses: number
  /** The shortest prefix length believed. */
  readonly broadestIPv4: number
  readonly broadestIPv6: number
  /** Prefixes that have to be inside still. */
  readonly wellKnown: readonly string[]
  /** Percent of the present addresses that may go at once, in either family. */
  readonly shrink: number
  /** How many times the present addresses the new ones may be, in either family. */
  readonly growth: number
}
