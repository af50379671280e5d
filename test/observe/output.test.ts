// Standard output in batches, in programs of their own: however they end, every line is out, whole and in order.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const OUTPUT = new URL('../../src/observe/output.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function program(work: string, options = '{}') {
  const child = spawn(process.execPath, nodeArguments(work, options), {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { child, ended: once(child, 'close') }
}

/** Node gives its children sockets; a shell's pipe is one. */
function throughCat(work: string) {
  const child = spawn(
    'sh',
    [
      '-c',
      'node="$0"; "$node" "$@" | { read -r first && sleep 0.2 && echo "$first" && cat; }',
      process.execPath,
      ...nodeArguments(work, '{}'),
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  return { child, ended: once(child, 'close') }
}

function nodeArguments(work: string, options: string): string[] {
  const code = `import { backgroundOutput } from ${JSON.stringify(OUTPUT)}; const out = backgroundOutput(1, ${options}); ${work}`
  return ['--import', 'tsx', '--input-type=module', '-e', code]
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

// More than a pipe holds.
const MANY = 20_000
const MANY_LINES = `for (let i = 0; i < ${MANY}; i++) out.write('line ' + i + ' ${'x'.repeat(50)}\\n');`

it.each([
  ['a socket', (work: string) => program(work)],
  ['a pipe', (work: string) => throughCat(work)],
])(
  'a reader of %s that begins late gets all lines, in order, though the program has ended',
  async (_name, run) => {
    const { child, ended } = run(`${MANY_LINES} process.stderr.write('done'); process.exit(0)`)
    await once(child.stderr, 'data')
    const [stdout] = await Promise.all([text(child.stdout), ended])
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => Number(line.split(' ')[1])),
    ).toEqual([...Array(MANY).keys()])
  },
)

it.each(['process.exit(3)', 'process.exitCode = 3', "process.kill(process.pid, 'SIGTERM')"])(
  'a reader that reads no more does not keep the program from ending: %s',
  async (end) => {
    const { child, ended } = program(`
      process.on('SIGTERM', () => process.exit(3))
      ${MANY_LINES}
      const alive = setTimeout(() => {}, 100)
      setTimeout(() => { ${end} }, 50)`)
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(3)
    child.stdout.resume()
    await ended
  },
)

it('a reader that fell too far behind is told how many lines it missed, where they are missing', async () => {
  const all = 40_000
  const { child, ended } = program(
    `
    function line(i) { out.write('line ' + i + ' ' + 'x'.repeat(500) + '\\n') }
    for (let i = 0; i < ${all}; i++) line(i)
    process.stderr.write('written')
    const alive = setInterval(() => {}, 1_000)`,
    `{ onDropped: (lines) => { out.write('missed ' + lines + '\\n'); line(${all}); clearInterval(alive) } }`,
  )
  await once(child.stderr, 'data')
  const [stdout] = await Promise.all([text(child.stdout), ended])
  const lines = stdout.split('\n').slice(0, -1)
  const gap = lines.findIndex((line) => line.startsWith('missed '))
  const numbers = lines.filter((_, i) => i !== gap).map((line) => Number(line.split(' ')[1]))
  expect(numbers).toEqual([...Array(gap).keys(), all])
  expect(gap + Number(lines[gap]?.split(' ')[1])).toBe(all)
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
