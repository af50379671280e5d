// The load: sends ready-made requests over kept TLS connections, one at a time on each, and looks at every answer.
// Raw sockets, so that it costs little itself; a single answer that is not an empty 200 fails the run.
import { connect } from 'node:tls'
import { answer, ready } from './watched.mjs'

const DEADLINE = 30_000
/** Connections and requests by the name of the contestant. */
const targets = new Map()

answer({
  open: async ({ name, dial, connections }) => {
    const sockets = await Promise.all(Array.from({ length: connections }, () => opened(dial)))
    targets.set(name, { sockets, requests: new Map() })
    return { protocol: sockets[0].getProtocol(), cipher: sockets[0].getCipher().name }
  },
  prepare: ({ name, size, requests }) => {
    const buffers = requests.map((request) => Buffer.from(request, 'base64'))
    targets.get(name).requests.set(size, buffers)
  },
  send: ({ name, size, count }) => {
    const { sockets, requests } = targets.get(name)
    return sent({ sockets, requests: requests.get(size), count })
  },
})
ready()

function opened(dial) {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...dial, noDelay: true })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

/** Resolves with the milliseconds until `count` answers were in. */
function sent({ sockets, requests, count }) {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    let begun = 0
    let ended = 0
    const lanes = sockets.map((socket) => ({ socket, pending: '', off: () => {} }))
    const settle = (end) => {
      clearTimeout(timer)
      for (const lane of lanes) lane.off()
      end()
    }
    const fail = (why) => settle(() => reject(new Error(why)))
    const timer = setTimeout(() => fail(`${ended} of ${count} answers within ${DEADLINE} ms`), DEADLINE)
    const next = ({ socket }) => {
      if (begun < count) socket.write(requests[begun++ % requests.length])
    }
    for (const lane of lanes) {
      const onData = (chunk) => {
        lane.pending += chunk.latin1Slice()
        if (!lane.pending.endsWith('\r\n\r\n')) return
        if (!isEmpty200(lane.pending))
          return fail(`an answer was not an empty 200: ${lane.pending.slice(0, 200)}`)
        lane.pending = ''
        ended += 1
        if (ended === count) settle(() => resolve({ ms: performance.now() - began }))
        else next(lane)
      }
      const onClose = () => fail('a kept connection was closed')
      lane.socket.on('data', onData).once('close', onClose)
      lane.off = () => lane.socket.off('data', onData).off('close', onClose)
      if (lane.socket.destroyed) return onClose()
      next(lane)
    }
  })
}

function isEmpty200(answer) {
  return (
    answer.startsWith('HTTP/1.1 200 ') &&
    answer.includes('\r\nContent-Length: 0\r\n') &&
    answer.indexOf('\r\n\r\n') === answer.length - 4
  )
}
