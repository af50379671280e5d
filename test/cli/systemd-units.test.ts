// The units that installations copy: what systemd's own tools say of them, and that they fit what hubgate does.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { itWith, run } from '../support/programs.ts'

const DIRECTORY = fileURLToPath(new URL('../../scripts/systemd/', import.meta.url))
const SERVICE = `${DIRECTORY}hubgate.service`
const SOCKET = `${DIRECTORY}hubgate.socket`
const service = readFileSync(SERVICE, 'utf8').split('\n')
const socket = readFileSync(SOCKET, 'utf8').split('\n')

describe('hubgate.service', () => {
  it.each([
    ['hubgate tells when it is ready', 'Type=notify'],
    ['by a child of its own', 'NotifyAccess=all'],
    ['and is started anew where it hangs', 'WatchdogSec=30s'],
    ['or crashed', 'Restart=on-failure'],
    ['but not where trying again changes nothing', 'RestartPreventExitStatus=2 3'],
    ['SIGTERM is for hubgate alone, which drains', 'KillMode=mixed'],
    ['it is nobody special', 'User=hubgate'],
    ['it may become nobody else', 'NoNewPrivileges=yes'],
    ['it needs no capability, since the socket is given', 'CapabilityBoundingSet='],
    ['it writes to its state alone', 'ProtectSystem=strict'],
    ['which is', 'StateDirectory=hubgate'],
    ['and leaves no secrets in a core', 'LimitCORE=0'],
    ['a reload says how it went', 'ExecReload=/usr/bin/env hubgate reload'],
  ])('%s: %s', (_why, line) => expect(service).toContain(line))

  // V8 makes code as it runs; it would not start.
  it('lets Node compile', () => expect(service.join('\n')).not.toMatch(/^MemoryDenyWriteExecute/m))

  it('waits longer for the end than hubgate drains by default', () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)s$/m.exec(service.join('\n'))?.[1])
    expect(seconds).toBeGreaterThan(25 + 5)
  })
})

describe('hubgate.socket', () => {
  it.each(['ListenStream=8443', 'FileDescriptorName=hubgate', 'BindIPv6Only=both'])('has %s', (line) =>
    expect(socket).toContain(line),
  )
})

describe('systemd-analyze', () => {
  const itAnalyzes = itWith('systemd-analyze')

  itAnalyzes('takes both without a word', async () => {
    expect(await run('systemd-analyze', ['verify', SERVICE, SOCKET])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })

  itAnalyzes('finds little that the service could do beside its work', async () => {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', SERVICE])
    expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2)
  })
})
