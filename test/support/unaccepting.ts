// A TCP port whose connections come to nothing: its process is stopped and its queue is full, so that the kernel drops what
// knocks. From outside it looks like a firewall that says nothing.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'

export interface Unaccepting {
  readonly host: string
  readonly port: number
  readonly close: () => Promise<void>
}

const PROGRAM = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(server.address().port + '\\n'))
`
/** More than the queue takes. */
const KNOCKS = 8

export async function startUnaccepting(): Promise<Unaccepting> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'ignore'] })
  const port = await portOf(child)
  child.kill('SIGSTOP')
  const knocking = Array.from({ length: KNOCKS }, () => connect({ host: '127.0.0.1', port }))
  for (const socket of knocking) socket.on('error', () => {})
  await queueFull(knocking)
  return {
    host: '127.0.0.1',
    port,
    close: async () => {
      for (const socket of knocking) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('it has no output')
  const [said]: unknown[] = await once(child.stdout, 'data')
  return Number(String(said))
}

// Those that the queue takes are connected at once; the others never are.
async function queueFull(knocking: readonly Socket[]): Promise<void> {
  for (let before = -1; ;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const connected = knocking.filter(({ connecting }) => !connecting).length
    if (connected === before && connected < knocking.length) return
    if (connected === knocking.length) throw new Error('the queue took all of them')
    before = connected
  }
}
