// What `hubgate serve` tells systemd, through systemd's own program, to a socket that plays its part; and what it takes over from it.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { serviceManager } from '../../src/cli/systemd.ts'
import { itWith } from '../support/programs.ts'
import { type Managed, type ManagedOptions, manage } from '../support/service-manager.ts'

const UPSTREAM = 'http://127.0.0.1:9'
const WITHIN = { timeout: 20_000, interval: 20 }

const running: Managed[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((managed) => managed.end()))
})

async function managed(options: Partial<ManagedOptions> = {}): Promise<Managed> {
  const service = await manage({ upstream: UPSTREAM, ...options })
  running.push(service)
  return service
}

const hears = (service: Managed, message: RegExp) =>
  expect.poll(() => service.notified().join('\n'), WITHIN).toMatch(message)

describe('systemd hears', () => {
  const itNotifies = itWith('systemd-notify')

  itNotifies('that it is ready once it listens, and with SIGTERM that it stops', async () => {
    const service = await managed()
    const pid = await service.start()
    await hears(service, new RegExp(`^READY=1\\|STATUS=listening on 127\\.0\\.0\\.1:${service.port}$`, 'm'))
    process.kill(pid, 'SIGTERM')
    await hears(service, /^STOPPING=1\|STATUS=finishing what is in flight$/m)
    expect(await service.ended(pid)).toBe(0)
  })

  itNotifies('of a reload by SIGHUP: since when, and then how it went', async () => {
    const service = await managed()
    const pid = await service.start()
    await hears(service, /^READY=1/m)
    process.kill(pid, 'SIGHUP')
    await hears(service, /^RELOADING=1\|MONOTONIC_USEC=\d+\nREADY=1\|STATUS=listening on 127\.0\.0\.1:\d+$/m)
    writeFileSync(service.site.file, 'routes: 5\n')
    process.kill(pid, 'SIGHUP')
    await hears(
      service,
      /^READY=1\|STATUS=listening .*; the new configuration was refused, the old one stays$/m,
    )
  })

  itNotifies('that it lives, as often as it asks', async () => {
    const service = await managed({ env: { WATCHDOG_USEC: '300000' } })
    await service.start()
    await hears(service, /^WATCHDOG=1\n(?:.*\n)*WATCHDOG=1$/m)
  })

  itNotifies('nothing of a start that failed', async () => {
    const service = await managed({ change: (yaml) => yaml.replace('shutdown:', 'shutdwon:') })
    const pid = await service.start()
    expect(await service.ended(pid)).toBe(3)
    expect(service.notified().filter((text) => !text.startsWith('ERRNO'))).toEqual([])
  })
})

describe('sockets that do not fit the configuration', () => {
  it.each<[string, Partial<ManagedOptions>, RegExp]>([
    [
      'another port',
      { change: (yaml) => yaml.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1') },
      /the socket 127\.0\.0\.1:\d+ that was handed over is not in listen\.address/,
    ],
    [
      'more of them',
      {
        sockets: () => [
          ['hubgate', 'tcp'],
          ['hubgate', 'tcp'],
        ],
      },
      /the socket 127\.0\.0\.1:\d+ that was handed over is not in listen\.address/,
    ],
    [
      'fewer of them',
      { change: (yaml) => yaml.replace(/"127\.0\.0\.1:(\d+)"/, '["127.0.0.1:$1", "127.0.0.1:1"]') },
      /1 of 2 sockets of listen\.address were handed over; there is none for 127\.0\.0\.1:1/,
    ],
    [
      'of another kind for admin',
      { sockets: () => [['hubgate-admin', 'tcp']] },
      /the socket 127\.0\.0\.1:\d+ that was handed over is not in admin\.address/,
    ],
  ])('%s: it does not start, and says which', async (_name, options, problem) => {
    const service = await managed(options)
    const pid = await service.start()
    expect(await service.ended(pid)).toBe(1)
    expect(service.said()).toMatch(new RegExp(`^hubgate: error: .*${problem.source}`, 'm'))
    expect(service.said()).toMatch(/^hubgate: hint: make the socket unit .* say the same$/m)
  })
})

describe('without systemd', () => {
  it('the program is not asked for', () => {
    const manager = serviceManager({ PATH: '/nowhere' }, { pid: 1, warn: expect.unreachable })
    manager.ready('x')
    manager.reloading()
    void manager.stopping('x')
    manager.watch(() => true)
  })

  it('a missing systemd-notify is said once, and stops nothing', async () => {
    const warnings: string[] = []
    const env = { NOTIFY_SOCKET: '/run/none', PATH: '/nowhere', HOME: '/' }
    const manager = serviceManager(env, { pid: 1, warn: (problem) => warnings.push(problem) })
    expect(env).toEqual({ PATH: '/nowhere', HOME: '/' })
    manager.ready('x')
    void manager.stopping('y')
    await expect.poll(() => warnings, WITHIN).toEqual([expect.stringMatching(/there is no systemd-notify/)])
  })
})

describe('the watchdog', () => {
  it.each([
    ['is fed while it is healthy', true, { WATCHDOG_PID: '7' }, true],
    ['is left hungry where it is not', false, { WATCHDOG_PID: '7' }, false],
    ['of another process is not ours', true, { WATCHDOG_PID: '8' }, false],
  ])('%s', async (...[, healthy, watched, fed]) => {
    const { manager, log, remove } = recorded({ WATCHDOG_USEC: '20000', ...watched })
    const stop = manager.watch(() => healthy)
    try {
      manager.ready('first')
      manager.ready('second')
      await expect.poll(() => log(), WITHIN).toContain('second')
      if (fed) await expect.poll(() => log(), WITHIN).toContain('WATCHDOG=1')
      else {
        await new Promise((resolve) => setTimeout(resolve, 200))
        expect(log()).not.toContain('WATCHDOG')
      }
    } finally {
      stop()
      remove()
    }
  })

  it('gets no more of the environment than it needs, and no second line of a status', async () => {
    const { manager, log, remove } = recorded({ APP_SECRET: 'secret' })
    try {
      manager.ready('one\nWATCHDOG=trigger')
      await expect.poll(() => log(), WITHIN).toContain('READY=1 STATUS=one WATCHDOG=trigger')
      expect(log()).toContain('NOTIFY_SOCKET=/run/none')
      expect(log()).not.toContain('APP_SECRET')
    } finally {
      remove()
    }
  })
})

/** One whose systemd-notify writes down its arguments and environment. */
function recorded(env: NodeJS.ProcessEnv) {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-notify-'))
  const file = join(directory, 'log')
  writeFileSync(join(directory, 'systemd-notify'), `#!/bin/sh\n{ env; echo "$*"; } >> '${file}'\n`)
  chmodSync(join(directory, 'systemd-notify'), 0o755)
  const full = { NOTIFY_SOCKET: '/run/none', PATH: `${directory}:/usr/bin:/bin`, ...env }
  const manager = serviceManager(full, { pid: 7, warn: () => {} })
  const log = () => {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return ''
    }
  }
  return { manager, log, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
