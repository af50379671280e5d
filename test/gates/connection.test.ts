// The gates of a connection: its source address, and how many there are. Only verdicts; sockets are tested elsewhere.
import { describe, expect, it } from 'vitest'
import { parseAddress, parsePrefix } from '../../src/domain/address.ts'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { connectionLimit } from '../../src/gates/connection-limit.ts'
import { source } from '../../src/gates/source.ts'
import { trustedPeer, trustedPeers } from '../../src/gates/trusted-peer.ts'
import { connectionFacts, outcome } from './facts.ts'

const PREFIXES = prefixTable(['31.13.24.0/21', '31.13.64.0/18', '2a03:2880::/32'].map(parsePrefix))

describe('source gate', () => {
  const gate = source(PREFIXES)
  const verdict = (text: string) => gate.check(connectionFacts({ address: parseAddress(text) }))

  it.each([
    ['first address of a prefix', '31.13.64.0', 'admit'],
    ['last address of a prefix', '31.13.127.255', 'admit'],
    ['one before it', '31.13.63.255', 'SOURCE_NOT_ALLOWED'],
    ['one after it', '31.13.128.0', 'SOURCE_NOT_ALLOWED'],
    ['IPv6 in a prefix', '2a03:2880:f0ff:1::2', 'admit'],
    ['IPv6 after it', '2a03:2881::', 'SOURCE_NOT_ALLOWED'],
    ['mapped, dotted: the IPv4 verdict', '::ffff:31.13.64.1', 'admit'],
    ['mapped, hex: the IPv4 verdict', '::ffff:1f0d:4001', 'admit'],
    ['mapped, written out', '0:0:0:0:0:ffff:31.13.64.1', 'admit'],
    ['mapped, not in the list', '::ffff:8.8.8.8', 'SOURCE_NOT_ALLOWED'],
    ['IPv4-compatible is not IPv4', '::31.13.64.1', 'SOURCE_NOT_ALLOWED'],
    ['6to4 is not IPv4', '2002:1f0d:4001::1', 'SOURCE_NOT_ALLOWED'],
    ['NAT64 is not IPv4', '64:ff9b::31.13.64.1', 'SOURCE_NOT_ALLOWED'],
    ['IPv4 whose bits are those of an IPv6 prefix', '42.3.40.128', 'SOURCE_NOT_ALLOWED'],
    ['IPv6 whose bits are those of an IPv4 prefix', '1f0d:4001::', 'SOURCE_NOT_ALLOWED'],
    ['loopback', '127.0.0.1', 'SOURCE_NOT_ALLOWED'],
    ['IPv6 loopback', '::1', 'SOURCE_NOT_ALLOWED'],
    ['a zone id', '2a03:2880::1%eth0', 'SOURCE_NOT_ALLOWED'],
    ['octal', '031.13.64.1', 'SOURCE_NOT_ALLOWED'],
    ['three parts', '31.13.16385', 'SOURCE_NOT_ALLOWED'],
    ['an address with its port', '31.13.64.1:443', 'SOURCE_NOT_ALLOWED'],
    ['the word unknown', 'unknown', 'SOURCE_NOT_ALLOWED'],
    ['nothing', '', 'SOURCE_NOT_ALLOWED'],
  ])('%s', (_name, address, expected) => expect(outcome(verdict(address))).toBe(expected))

  it('refuses a peer without an address', () => {
    expect(outcome(gate.check({ address: undefined }))).toBe('SOURCE_NOT_ALLOWED')
  })

  it('an empty list admits nobody', () => {
    const empty = source(prefixTable([]))
    for (const text of ['31.13.64.1', '2a03:2880::1', '127.0.0.1', '::'])
      expect(outcome(empty.check({ address: parseAddress(text) })), text).toBe('SOURCE_NOT_ALLOWED')
  })

  it('says which prefix admitted', () => {
    expect(verdict('31.13.64.1')).toMatchObject({ evidence: { prefix: '31.13.64.0/18' } })
  })
})

describe('connection-limit gate', () => {
  const gate = connectionLimit({ connections: 10, connectionsPerAddress: 3 })

  it.each([
    ['the first', { open: 1, openFromAddress: 1 }, 'admit'],
    ['the last that fits', { open: 10, openFromAddress: 3 }, 'admit'],
    ['one too many in all', { open: 11, openFromAddress: 1 }, 'CONNECTION_LIMIT'],
    ['one too many from the address', { open: 4, openFromAddress: 4 }, 'CONNECTION_LIMIT'],
    ['a count that is no number', { open: Number.NaN, openFromAddress: 1 }, 'CONNECTION_LIMIT'],
    [
      'a count of the address that is no number',
      { open: 1, openFromAddress: Number.NaN },
      'CONNECTION_LIMIT',
    ],
  ])('%s', (_name, counts, expected) => expect(outcome(gate.check(counts))).toBe(expected))
})

describe('trusted-peer gate', () => {
  it.each<[string, readonly string[], string, string]>([
    ['in a prefix', ['10.0.0.0/8'], '10.1.2.3', 'admit'],
    ['in the second prefix', ['10.0.0.0/8', '2001:db8::/32'], '2001:db8::1', 'admit'],
    ['mapped', ['10.0.0.0/8'], '::ffff:10.1.2.3', 'admit'],
    ['one before a prefix', ['10.0.0.0/8'], '9.255.255.255', 'SOURCE_NOT_ALLOWED'],
    ['where only Unix sockets are trusted', ['unix'], '10.1.2.3', 'SOURCE_NOT_ALLOWED'],
    ['where nobody is', [], '127.0.0.1', 'SOURCE_NOT_ALLOWED'],
    ['on a trusted Unix socket', ['unix'], 'unix', 'admit'],
    ['on a Unix socket, where addresses are trusted', ['0.0.0.0/1', '::/1'], 'unix', 'SOURCE_NOT_ALLOWED'],
    ['that cannot be read', ['10.0.0.0/8', 'unix'], 'unknown', 'SOURCE_NOT_ALLOWED'],
  ])('a peer %s', (...[, listed, peer, expected]) => {
    const gate = trustedPeer(trustedPeers(listed))
    expect(outcome(gate.check({ peer: peer === 'unix' ? 'unix' : parseAddress(peer) }))).toBe(expected)
  })
})
