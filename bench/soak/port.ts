// The port that a listening server got.
import type { Server } from 'node:net'

export function portOf(server: Server): number {
  const address = server.address()
  return address instanceof Object ? address.port : 0
}
