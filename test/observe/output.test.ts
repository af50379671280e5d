// Standard output in batches, in programs of their own: however they end, every line is out, whole and in order.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const OUTPUT = new URL('../../src/observe/output.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function program(work: string) {
  const code = `import { backgroundOutput } from ${JSON.stringify(OUTPUT)}; const out = backgroundOutput(1); ${work}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { child, ended: once(child, 'close') }
}

const LINES = 'for (let i = 0; i < 3_000; i++) out.write(`line ${i} ${"x".repeat(50)}\\n`);'

it.each([
  ['its work is done', '', 0],
  ['it exits at once', 'process.exit(3)', 3],
  ['an error is thrown that nobody caught', 'throw new Error("unexpected")', 1],
  ['it exits a moment later', 'setTimeout(() => process.exit(4), 2)', 4],
  ['it exits after a flush', 'out.flush(); process.exit(0)', 0],
])('all lines are out, in order, where %s', async (_name, end, code) => {
  const { child, ended } = program(`${LINES} ${end}`)
  const [stdout] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect(stdout.split('\n')).toEqual([
    ...Array.from({ length: 3_000 }, (_, i) => `line ${i} ${'x'.repeat(50)}`),
    '',
  ])
  expect(child.exitCode).toBe(code)
})

it('a line comes by itself, without an end or another line', async () => {
  const { child, ended } = program('out.write("alone\\n"); setInterval(() => {}, 1_000)')
  expect(String((await once(child.stdout, 'data'))[0])).toBe('alone\n')
  child.kill('SIGKILL')
  await ended
})

it('a reader that reads no more neither stops the program nor fills its memory', async () => {
  const { child, ended } = program(`
    const line = 'x'.repeat(1_023) + '\\n'
    const before = process.memoryUsage().rss
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < 1_000; i++) out.write(line)
      await new Promise((resolve) => setImmediate(resolve))
    }
    process.stderr.write(String((process.memoryUsage().rss - before) / 1e6), () => process.kill(process.pid, 'SIGKILL'))`)
  child.stdout.pause()
  const said = await text(child.stderr)
  child.stdout.resume()
  await ended
  // Of the 100 MB that it wrote.
  expect(Number(said)).toBeLessThan(60)
})

it('a reader that has gone does it no harm', async () => {
  const { child, ended } = program(`
    for (let turn = 0; turn < 20; turn++) {
      for (let i = 0; i < 100; i++) out.write('a line\\n')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    process.exitCode = 5`)
  child.stdout.destroy()
  const [stderr] = await Promise.all([text(child.stderr), ended])
  expect([child.exitCode, stderr]).toEqual([5, ''])
})
