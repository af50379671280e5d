// Attacks before any TLS: who may connect at all, and how often.
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { type Attack, type AttackContext, deliveryOf, dialOf, reset, say } from './attack.ts'

/** In no prefix of the lab's allow-list. One address a case, so that its record is known even where no port is. */
const STRANGERS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const
/** In the lab's allow-list, and used for nothing but counting connections. */
export const CROWD_ADDRESS = '127.0.0.8'

export const connectionAttacks: readonly Attack[] = [
  stranger({
    id: 'source-unknown',
    title: 'a perfect delivery, from an address outside the allow-list',
    send: (context) =>
      say(context, [deliveryOf(context)], { dial: dialOf(context, { localAddress: STRANGERS[0] }) }),
  }),
  stranger({
    id: 'source-forwarded-for',
    title: 'the same, claiming an allowed address in X-Forwarded-For',
    send: (context) =>
      say(context, [deliveryOf(context, { add: [['X-Forwarded-For', '31.13.64.1']] })], {
        dial: dialOf(context, { localAddress: STRANGERS[1] }),
      }),
  }),
  stranger({
    id: 'source-proxy-header',
    title: 'a PROXY header naming an allowed address, from outside',
    send: (context) =>
      say(context, ['PROXY TCP4 31.13.64.1 127.0.0.1 40000 443\r\n', { wait: 100 }], {
        dial: dialOf(context, { localAddress: STRANGERS[2], tls: false }),
      }),
  }),
  {
    id: 'too-many-connections',
    title: 'one connection more than one address may hold',
    chapter: 'source',
    gate: 'connection-limit',
    expect: reset('CONNECTION_LIMIT'),
    needs: 'addresses',
    send: oneTooMany,
  },
]

function stranger(attack: Pick<Attack, 'id' | 'title' | 'send'>): Attack {
  const expect = reset('SOURCE_NOT_ALLOWED')
  return { ...attack, chapter: 'source', gate: 'source', expect, needs: 'addresses' }
}

async function oneTooMany(context: AttackContext) {
  const { host, port } = context.dial
  const crowd = await Promise.all(
    Array.from({ length: context.limits.connectionsPerAddress }, () =>
      opened(connect({ host, port, localAddress: CROWD_ADDRESS })),
    ),
  )
  try {
    return await say(context, [deliveryOf(context)], {
      dial: dialOf(context, { localAddress: CROWD_ADDRESS }),
    })
  } finally {
    for (const socket of crowd) socket.destroy()
  }
}

async function opened(socket: Socket): Promise<Socket> {
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
