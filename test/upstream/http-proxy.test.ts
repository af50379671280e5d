// http-proxy is loaded only by a request that needs it, and prints no deprecation warning then: in a process of its own,
// where every warning throws.
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from '../support/programs.ts'

const SENDING = fileURLToPath(new URL('sending-process.ts', import.meta.url))

describe('a process that sends deliveries', () => {
  it.each([
    ['status', 'not loaded'],
    ['full', 'loaded'],
    ['unsigned', 'loaded'],
  ])('on a route of %s: http-proxy is %s, and nothing is printed on standard error', async (way, loaded) => {
    const flags = ['--throw-deprecation', '--trace-deprecation', '--import', 'tsx']
    const { code, stdout, stderr } = await run(process.execPath, [...flags, SENDING, way])
    expect(stderr).toBe('')
    expect(stdout).toBe(`before: not loaded\nanswer: 200\nafter: ${loaded}\n_extend: as before\n`)
    expect(code).toBe(0)
  })
})
