// Which open sockets hubgate takes over, by the environment that sd_listen_fds(3) describes, and which it refuses.
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ListenAddress } from '../../src/config/config.ts'
import { SocketsMisfit, fitted, listenOnInherited, takeInherited } from '../../src/gateway/inherited.ts'

const OWN = 4_242

function taken(env: NodeJS.ProcessEnv) {
  try {
    return takeInherited(env, OWN)
  } catch (error) {
    return error instanceof SocketsMisfit ? error.message : error
  }
}

describe('the environment', () => {
  it.each<[string, NodeJS.ProcessEnv, unknown]>([
    ['without the variables: none', {}, undefined],
    ['one socket without a name', { LISTEN_FDS: '1', LISTEN_PID: '4242' }, { listen: [3], admin: undefined }],
    [
      'two, of which one is for admin',
      { LISTEN_FDS: '2', LISTEN_PID: '4242', LISTEN_FDNAMES: 'hubgate-admin:hubgate' },
      { listen: [4], admin: 3 },
    ],
    [
      'any other name is a public one: it has to fit listen.address',
      { LISTEN_FDS: '2', LISTEN_PID: '4242', LISTEN_FDNAMES: 'hubgate.socket:unknown' },
      { listen: [3, 4], admin: undefined },
    ],
    ['those of another process', { LISTEN_FDS: '1', LISTEN_PID: '4243' }, undefined],
    ['those of nobody', { LISTEN_FDS: '1' }, undefined],
    ['zero', { LISTEN_FDS: '0', LISTEN_PID: '4242' }, undefined],
    ['no number', { LISTEN_FDS: '+1', LISTEN_PID: '4242' }, 'LISTEN_FDS="+1" is no number of sockets'],
    ['too many', { LISTEN_FDS: '1000', LISTEN_PID: '4242' }, 'LISTEN_FDS="1000" is no number of sockets'],
    [
      'other names than sockets',
      { LISTEN_FDS: '1', LISTEN_PID: '4242', LISTEN_FDNAMES: 'a:b' },
      '1 sockets were handed over, with 2 names',
    ],
    [
      'two for admin',
      { LISTEN_FDS: '2', LISTEN_PID: '4242', LISTEN_FDNAMES: 'hubgate-admin:hubgate-admin' },
      'two sockets are named hubgate-admin; there is one',
    ],
  ])('%s', (_name, env, expected) => expect(taken(env)).toEqual(expected))

  it('is left without them, so that no child takes the sockets for its own', () => {
    for (const LISTEN_PID of ['4242', '4243']) {
      const env = { LISTEN_FDS: '1', LISTEN_PID, LISTEN_FDNAMES: 'x', LISTEN_PIDFDID: '1', HOME: '/' }
      takeInherited(env, OWN)
      expect(env).toEqual({ HOME: '/' })
    }
  })
})

describe('an open socket and the configuration', () => {
  const servers: ReturnType<typeof createServer>[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function bound(): Promise<{ server: ReturnType<typeof createServer>; port: number }> {
    const server = createServer()
    servers.push(server)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0 }
  }

  const tcp = (port: number): ListenAddress => ({ kind: 'tcp', host: undefined, port })

  it('are matched by port, in any order', async () => {
    const [one, two] = [await bound(), await bound()]
    const found = fitted('listen.address', [tcp(two.port), tcp(one.port)], [one.server, two.server])
    expect([found.get(one.server), found.get(two.server)]).toEqual([tcp(one.port), tcp(two.port)])
  })

  it('do not fit where the port is another', async () => {
    const { server, port } = await bound()
    expect(() => fitted('listen.address', [tcp(1)], [server])).toThrow(
      `the socket 127.0.0.1:${port} that was handed over is not in listen.address`,
    )
  })

  it('do not fit where the kind is another', async () => {
    const { server } = await bound()
    expect(() => fitted('admin.address', [{ kind: 'unix', path: '/run/x.sock' }], [server])).toThrow(
      /that was handed over is not in admin\.address$/,
    )
  })

  it('do not fit where one is missing', async () => {
    const { server, port } = await bound()
    expect(() => fitted('listen.address', [tcp(port), tcp(9)], [server])).toThrow(
      '1 of 2 sockets of listen.address were handed over; there is none for :9',
    )
  })

  it('a descriptor that is no socket is refused in words', async () => {
    await expect(listenOnInherited(createServer(), 9_999)).rejects.toThrow(
      /^descriptor 9999 is no stream socket that listens: /,
    )
  })
})
