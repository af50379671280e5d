// Whether two addresses are one place: for listeners that would collide, and upstreams that are this gateway.
// Compares what is written; resolves no name but localhost.
import { type Address, formatAddress, parseAddress } from '../domain/address.ts'
import type { Upstream } from '../domain/route.ts'
import type { ListenAddress } from './config.ts'

/** Whether only this machine can reach it. */
export function isLoopback(address: ListenAddress): boolean {
  if (address.kind === 'unix') return true
  const parsed = address.host === undefined ? undefined : parseAddress(address.host)
  return parsed !== undefined && isLoopbackAddress(parsed)
}

/** Whether both cannot be bound at once. Port 0 is any free port and collides with none. */
export function sameEndpoint(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix' || b.kind === 'unix')
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  if (a.port !== b.port || a.port === 0) return false
  const [hostA, hostB] = [canonical(a.host), canonical(b.host)]
  return hostA === hostB || covers(hostA, hostB) || covers(hostB, hostA)
}

/** Whether a delivery sent there would come back to this listener. */
export function upstreamIsListener(upstream: Upstream, listener: ListenAddress): boolean {
  if (listener.kind === 'unix') return upstream.socketPath === listener.path
  if (upstream.socketPath !== undefined || upstream.port !== listener.port) return false
  const host = canonical(listener.host)
  return addressesOf(upstream.hostname).some((target) => {
    if (host === formatAddress(target)) return true
    // A wildcard listener has every address of this machine; loopback ones are those that are surely its own.
    return isWildcard(host) && (isLoopbackAddress(target) || isWildcard(formatAddress(target)))
  })
}

function addressesOf(hostname: string): readonly Address[] {
  const texts = hostname === 'localhost' ? ['127.0.0.1', '::1'] : [hostname]
  return texts.map(parseAddress).filter((address) => address !== undefined)
}

function covers(wide: string, narrow: string): boolean {
  if (wide === '' || wide === '::') return true
  return wide === '0.0.0.0' && !narrow.includes(':')
}

function isWildcard(host: string): boolean {
  return host === '' || host === '::' || host === '0.0.0.0'
}

function canonical(host: string | undefined): string {
  const parsed = host === undefined ? undefined : parseAddress(host)
  return parsed === undefined ? '' : formatAddress(parsed)
}

function isLoopbackAddress({ family, words }: Address): boolean {
  if (family === 4) return (words[0] ?? 0) >>> 24 === 127
  return words.slice(0, 3).every((word) => word === 0) && words[3] === 1
}
