// What cron and systemd start: the shell script, against a registry of this process, and the units, checked by systemd.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withLock } from '../../src/allowlist/lock.ts'
import { parseAllowList } from '../../src/allowlist/read-list.ts'
import { formatPrefix } from '../../src/domain/address.ts'
import { quoted } from '../../src/domain/shell-word.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { FAULTS } from '../support/registry-faults.ts'
import { META_PREFIXES, metaRoutes, realSize } from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { Place, type Ran } from './allowlist-place.ts'

const SCRIPTS = fileURLToPath(new URL('../../scripts/', import.meta.url))
const SCRIPT = `${SCRIPTS}refresh-allowlist.sh`
const UNITS = ['hubgate-allowlist.service', 'hubgate-allowlist.timer'].map(
  (name) => `${SCRIPTS}systemd/${name}`,
)

describe('refresh-allowlist.sh', () => {
  let registry: Registry
  let place: Place
  beforeAll(async () => {
    registry = await startRegistry(realSize())
  })
  afterAll(() => registry.close())
  beforeEach(() => {
    registry.answerFrom(realSize())
    registry.misbehave(undefined)
    place = new Place()
    mkdirSync(place.path('bin'))
    place.write('hubgate.yaml', 'sources: { registry: { tries: 1 } }')
  })
  afterEach(() => place.remove())

  /** As cron does: hardly any environment, and `bin` on its PATH. */
  function cron(...args: string[]): Promise<Ran> {
    const PATH = `${place.path('bin')}:/usr/bin:/bin`
    return place.run(['sh', SCRIPT, '--server', registry.server, ...args], { env: { PATH } })
  }

  function program(name: string, text: string): void {
    chmodSync(place.write(name, `#!/bin/sh\n${text}\n`), 0o755)
  }

  /** Blind to what this machine has in /usr/local/bin. */
  function copyScript(name: string): void {
    place.write(name, readFileSync(SCRIPT, 'utf8').replace('/usr/local/bin', place.path('local')))
  }

  const installed = () => program('bin/hubgate', `exec ${HUBGATE.map(quoted).join(' ')} "$@"`)

  it('says nothing where the list was stored', async () => {
    installed()
    expect(await cron()).toEqual({ code: 0, out: '', err: '' })
    expect(parseAllowList(place.read()).map(formatPrefix)).toEqual(META_PREFIXES)
  })

  it('says in one line which guards refuse, and ends with 3', async () => {
    installed()
    registry.answerFrom(metaRoutes({ ipv4: 30, ipv6: 10 }))
    expect(await cron('--json')).toEqual({
      code: 3,
      out: '',
      err: `refresh-allowlist: guards refuse the new list: count: 30 IPv4 objects, at least 200 expected; count: 10 IPv6 objects, at least 300 expected; ${place.list} is still not there (exit 3)\n`,
    })
  })

  it('says in one line what the registry did, and ends with 1', async () => {
    installed()
    registry.misbehave(FAULTS['denies access, without a line end'])
    const { code, out, err } = await cron()
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(
      /^refresh-allowlist: the registry refuses us: [^\n]* is still not there \(exit 1\)\n$/,
    )
  })

  it('lets no second refresh run beside the first', async () => {
    installed()
    const { code, err } = await withLock(place.list, () => cron())
    expect(code).toBe(1)
    expect(err).toMatch(/^refresh-allowlist: another refresh is running [^\n]*\(exit 1\)\n$/)
  })

  it('hands wrong use on', async () => {
    installed()
    const { code, err } = await cron('--acept', 'shrink')
    expect(code).toBe(2)
    expect(err).toMatch(/^refresh-allowlist: unknown option '--acept' \(exit 2\)\n$/)
  })

  it('finds the program beside itself where none is installed', async () => {
    mkdirSync(place.path('clone/scripts'), { recursive: true })
    mkdirSync(place.path('clone/dist/cli'), { recursive: true })
    copyScript('clone/scripts/refresh.sh')
    place.write('clone/dist/cli/main.js', '')
    program('bin/node', 'echo "$*" > asked')
    const env = { PATH: `${place.path('bin')}:/usr/bin:/bin` }
    const ran = await place.run(['sh', 'clone/scripts/refresh.sh', '--out', 'a b'], { env })
    expect(ran).toEqual({ code: 0, out: '', err: '' })
    expect(place.read('asked')).toBe(
      `${place.path('clone/scripts')}/../dist/cli/main.js allowlist refresh --out a b\n`,
    )
  })

  it('says so where there is none at all', async () => {
    copyScript('refresh.sh')
    const { code, err } = await place.run(['sh', 'refresh.sh'], { env: { PATH: '/usr/bin:/bin' } })
    expect(code).toBe(1)
    expect(err).toMatch(
      /^refresh-allowlist: hubgate is neither on PATH \([^\n]*\) nor built beside this script \(exit 1\)\n$/,
    )
  })

  it('what breaks before hubgate could speak is one line as well', async () => {
    program('bin/hubgate', 'printf "env: node: No such file\\nand more\\n" >&2; exit 127')
    expect(await cron()).toEqual({
      code: 127,
      out: '',
      err: 'refresh-allowlist: env: node: No such file; and more (exit 127)\n',
    })
  })
})

describe('systemd', () => {
  it('the service is one refresh, as the user of the gateway, and the timer starts it daily', () => {
    const [service = '', timer = ''] = UNITS.map((unit) => readFileSync(unit, 'utf8'))
    for (const line of ['Type=oneshot', 'User=hubgate', 'StateDirectory=hubgate', 'ProtectSystem=strict'])
      expect(service.split('\n')).toContain(line)
    expect(service).toMatch(/^ExecStart=\/usr\/bin\/env hubgate allowlist refresh$/m)
    // V8 makes code as it runs; it would not start.
    expect(service).not.toMatch(/^MemoryDenyWriteExecute/m)
    for (const line of ['OnCalendar=daily', 'RandomizedDelaySec=12h', 'Persistent=yes'])
      expect(timer.split('\n')).toContain(line)
  })

  const analyze = (...args: string[]) =>
    spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 30_000 })
  // Not every machine runs systemd, and its own tool is of no use elsewhere.
  if (analyze('--version').status === 0) {
    it('takes both units without a word', () => {
      const { status, stdout, stderr } = analyze('verify', ...UNITS)
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
    })

    it('finds little that the service could do beside its work', () => {
      const { stdout } = analyze('security', '--offline=true', '--no-pager', UNITS[0] ?? '')
      const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])
      expect(exposure).toBeLessThan(2)
    })
  } else console.warn('systemd-analyze is not there: the units are read as text alone')
})

it('shellcheck has nothing to say about the script', () => {
  const { status, stdout } = spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8' })
  // null: it is not there.
  expect([0, null], stdout).toContain(status)
})
