// Reads back what store.ts writes above a list: where it came from, when, and the digest of its lines. For people and
// programs that look at a list; it never decides whether one is used.
import type { Prefix } from '../domain/address.ts'
import { listDigest } from './store.ts'

export interface WrittenHeader {
  readonly source: string
  readonly time: Date
  /** Route objects that were believed, before aggregation. */
  readonly objects: { readonly ipv4: number; readonly ipv6: number }
  readonly sha256: string
}

/** @returns undefined where the list does not begin with a whole header: it was written by hand, or by another program. */
export function readHeader(text: string): WrittenHeader | undefined {
  const comments = /^(?:#[^\n]*\n)*/.exec(text)?.[0] ?? ''
  const [, source] = /^# source: (.+)$/m.exec(comments) ?? []
  const [, written = ''] = /^# time: (\S+)$/m.exec(comments) ?? []
  const [, ipv4, ipv6] = /^# objects: (\d{1,9}) IPv4, (\d{1,9}) IPv6$/m.exec(comments) ?? []
  const [, sha256] = /^# sha256: ([0-9a-f]{64})$/m.exec(comments) ?? []
  const time = new Date(written)
  if (source === undefined || sha256 === undefined || ipv4 === undefined || Number.isNaN(time.getTime()))
    return undefined
  return { source, time, objects: { ipv4: Number(ipv4), ipv6: Number(ipv6) }, sha256 }
}

/** Whether the lines are those that were stored, in their order. */
export function digestFits({ sha256 }: WrittenHeader, prefixes: readonly Prefix[]): boolean {
  return listDigest(prefixes) === sha256
}
