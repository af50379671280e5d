// `hubgate health` and `hubgate reload` as programs: exit codes and messages, against an admin listener of this process.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { AdminListener } from '../../src/admin/listener.ts'
import { TOKEN, gateway, portOf, started } from '../admin/ask.ts'
import { CANARY_ADMIN_TOKEN, CANARY_MARK, keepOutput } from '../canary.ts'
import { type Run, Running } from '../support/programs.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const TSX = import.meta.resolve('tsx')
const directories: string[] = []

afterEach(async () => {
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })))
})

/** Writes a configuration whose app secrets are nowhere to be found, as in an operator's own shell. */
async function configFor(admin: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-cli-admin-'))
  directories.push(directory)
  const file = join(directory, 'hubgate.yaml')
  await writeFile(file, `apps:\n  shop: { secrets: ["\${HUBGATE_TEST_UNSET}"] }\nadmin: ${admin}\n`)
  return file
}

async function hubgate(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const running = new Running(process.execPath, ['--import', TSX, MAIN, ...args], env)
  running.done()
  const run = await running.ended
  keepOutput('cli-admin', run.stdout + run.stderr)
  return run
}

const addressOf = (listener: AdminListener) => `{ address: "127.0.0.1:${portOf(listener)}" }`
const withToken = (listener: AdminListener) =>
  `{ address: "127.0.0.1:${portOf(listener)}", token: "\${HUBGATE_TEST_ADMIN}" }`

describe('hubgate health', () => {
  it('ends with 0 where the gateway is ready, and shows why', async () => {
    const file = await configFor(addressOf(await started()))
    expect(await hubgate(['health', '-c', file])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ready\n {2}ok {2}trust +one anchor\n$/),
    })
  })

  it('ends with 3 where it is not, --json for programs', async () => {
    const administered = gateway({ readiness: () => ({ ready: false, checks: [] }) })
    const file = await configFor(addressOf(await started({ administered })))
    const run = await hubgate(['health', '-c', file, '--json'])
    expect(run.code).toBe(3)
    expect(JSON.parse(run.stdout)).toEqual({ ready: false, checks: [] })
  })

  it('--live asks only whether it works', async () => {
    const administered = gateway({ readiness: () => ({ ready: false, checks: [] }) })
    const file = await configFor(addressOf(await started({ administered })))
    expect(await hubgate(['health', '--live'], { HUBGATE_CONFIG: file })).toMatchObject({
      code: 0,
      stdout: 'live\n',
    })
  })

  it('ends with 1 and a hint where nobody answers', async () => {
    const listener = await started()
    const file = await configFor(addressOf(listener))
    await listener.close()
    const run = await hubgate(['health', '-c', file])
    expect(run.code).toBe(1)
    expect(run.stderr).toMatch(
      /^hubgate: error: no gateway answers at 127\.0\.0\.1:\d+: ECONNREFUSED\nhubgate: hint: /,
    )
  })

  it('what comes back acts on no terminal', async () => {
    const checks = [{ name: 'x', ok: true, required: true, detail: '\u001b[2J\u202e' }]
    const administered = gateway({ readiness: () => ({ ready: true, checks }) })
    const run = await hubgate(['health', '-c', await configFor(addressOf(await started({ administered })))])
    expect(run.stdout).toContain('\\u{1b}[2J\\u{202e}')
  })
})

describe('hubgate reload', () => {
  it('says what changed', async () => {
    const file = await configFor(addressOf(await started()))
    expect(await hubgate(['reload', '-c', file])).toMatchObject({ code: 0, stdout: 'reloaded\n  routes\n' })
  })

  it('ends with 3 and the problems where the gateway refused', async () => {
    const problems = [{ setting: 'tls.key', message: 'does not fit', hint: 'both of one issuance' }]
    const administered = gateway({ reload: async () => ({ outcome: 'refused', problems }) })
    const run = await hubgate(['reload', '-c', await configFor(addressOf(await started({ administered })))])
    expect(run.code).toBe(3)
    expect(run.stderr).toMatch(
      /refused the configuration\n {2}tls\.key {2}does not fit {2}both of one issuance\nhubgate: hint: /,
    )
  })

  it('brings the token, and shows it to nobody', async () => {
    const file = await configFor(withToken(await started({ token: TOKEN })))
    const run = await hubgate(['reload', '-c', file], { HUBGATE_TEST_ADMIN: CANARY_ADMIN_TOKEN })
    expect(run.code).toBe(0)
    const wrong = await hubgate(['reload', '-c', file], { HUBGATE_TEST_ADMIN: `${CANARY_ADMIN_TOKEN}x` })
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/did not take the admin token\nhubgate: hint: /)
    expect(run.stdout + run.stderr + wrong.stdout + wrong.stderr).not.toContain(CANARY_MARK)
  })

  it('cannot ask without an admin section that holds', async () => {
    const run = await hubgate(['reload', '-c', await configFor('{ address: "nowhere" }')])
    expect(run.code).toBe(3)
    expect(run.stderr).toContain('admin.address')
  })
})
