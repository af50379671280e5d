// What bench/native/load.c does, for machines without a compiler: the same arguments, commands and answers.
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect as connectTls, createSecureContext } from 'node:tls'

const [mode, port, connections, source, certificate, key, ...files] = process.argv.slice(2)
/** Bytes of a held request that are kept back. */
const TAIL = 1_000
const [first, several = '1'] = source.split('/')
/** How many connections are dialled at once. */
const DIALS = 64
const address = { host: '127.0.0.1', port: Number(port), noDelay: true }
const tls = {
  secureContext: createSecureContext({
    cert: readFileSync(certificate),
    key: readFileSync(key),
    // The server's certificate is its own root, and lies beside the client's.
    ca: readFileSync(join(dirname(certificate), 'server.pem')),
  }),
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  servername: 'localhost',
}
const requests = []
for (let i = 0; i < files.length; i += 2)
  requests.push({ status: Number(files[i]), bytes: readFileSync(files[i + 1]) })

let turn
let opened = 0
let cursor = 0
const lanes = Array.from({ length: Number(connections) }, (_, index) => ({
  socket: undefined,
  pending: '',
  from: first === '-' ? {} : { localAddress: beyond(first, index % Number(several)) },
}))

const commands = {
  open: async () => {
    const kept = mode === 'kept' ? lanes : []
    for (let i = 0; i < kept.length; i += DIALS) await Promise.all(kept.slice(i, i + DIALS).map(stand))
    return { protocol: lanes[0].socket?.getProtocol() ?? '', cipher: lanes[0].socket?.getCipher().name ?? '' }
  },
  send: (count, atOnce = count) => all(Number(count), { atOnce: Math.min(Number(atOnce), lanes.length) }),
  hold: async () => {
    await Promise.all(
      lanes.map(async ({ socket }) => {
        const { bytes } = requests[0]
        await new Promise((resolve) => socket.write(bytes.subarray(0, -TAIL), resolve))
      }),
    )
    return {}
  },
  release: () => all(lanes.length, { tail: TAIL }),
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [name, ...given] = line.split(' ')
    commands[name](...given).then(say, (error) => {
      say({ failed: error.message })
      process.exit(1)
    })
  })
  .on('close', () => process.exit(0))

function say(told) {
  process.stdout.write(`${JSON.stringify(told)}\n`)
}

/** A connection that stands. */
function stand(lane) {
  return new Promise((resolve, reject) => {
    opened += 1
    lane.socket = connectTls({ ...address, ...lane.from, ...tls })
    lane.pending = ''
    lane.socket.on('data', (chunk) => {
      try {
        take(lane, chunk)
      } catch (error) {
        turn.reject(error)
      }
    })
    lane.socket.once('secureConnect', resolve)
    lane.socket.on('error', reject)
    lane.socket.once('close', () => {
      lane.socket = undefined
      reject(new Error('closed in the handshake'))
      if (lane.request !== undefined) lost(lane)
    })
  })
}

/** An address so many behind another one. */
function beyond(address, by) {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + by
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

/** Sends so many requests, of each only the last bytes where a number of them is given. */
async function all(count, { tail = Infinity, atOnce = lanes.length } = {}) {
  const cpu = process.cpuUsage()
  const began = performance.now()
  opened = 0
  const times = await new Promise((resolve, reject) => {
    turn = { count, begun: 0, times: [], tail, resolve, reject, isRotating: atOnce < lanes.length }
    for (const lane of lanes.slice(0, atOnce)) next(turn.isRotating ? waiting() : lane)
  })
  const { user, system } = process.cpuUsage(cpu)
  times.sort((a, b) => a - b)
  const at = (share) => times[Math.floor(times.length * share)]
  return { ms: performance.now() - began, cpu: (user + system) / 1000, opened, p50: at(0.5), p99: at(0.99) }
}

function next(lane) {
  if (turn.begun === turn.count) return
  lane.request = requests[turn.begun++ % requests.length]
  lane.began = performance.now()
  if (mode === 'raw') {
    opened += 1
    const socket = connectTcp({ ...address, ...lane.from })
    socket.on('error', () => {})
    socket.on('data', () => turn.reject(new Error('a server spoke first')))
    socket.once('close', () => ended(lane))
  } else if (lane.socket === undefined)
    stand(lane).then(
      () => write(lane),
      () => lost(lane),
    )
  else write(lane)
}

function write({ socket, request: { bytes } }) {
  socket?.write(bytes.subarray(Math.max(0, bytes.length - turn.tail)))
}

function take(lane, chunk) {
  lane.pending += chunk.latin1Slice()
  const end = lane.pending.indexOf('\r\n\r\n')
  if (end === -1 || lane.request === undefined) return
  const { status: wanted } = lane.request
  const head = lane.pending.slice(0, end + 2)
  const status = Number(head.slice(9, 12))
  if (wanted === 200 ? status !== 200 : status === 200)
    throw new Error(`answered ${status} instead of ${wanted}: ${head}`)
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
  if (length !== undefined && lane.pending.length - end - 4 < Number(length)) return
  lane.pending = ''
  // Without a length the answer ends with the connection; nobody asks for more on it.
  if (mode === 'fresh' || length === undefined || /\r\nconnection: close\r\n/i.test(head)) drop(lane)
  ended(lane)
}

function drop(lane) {
  const { socket } = lane
  lane.socket = undefined
  lane.request = undefined
  socket?.removeAllListeners('close').end()
}

function lost(lane) {
  if (lane.request === undefined) return
  if (lane.request.status === 200) turn.reject(new Error('a connection ended instead of an answer'))
  else ended(lane)
}

function ended(lane) {
  lane.request = undefined
  turn.times.push(performance.now() - lane.began)
  if (turn.times.length === turn.count) turn.resolve(turn.times)
  else next(turn.isRotating ? waiting() : lane)
}

/** The connection that has waited longest, where not all are busy at once. */
function waiting() {
  do cursor = (cursor + 1) % lanes.length
  while (lanes[cursor].request !== undefined)
  return lanes[cursor]
}
