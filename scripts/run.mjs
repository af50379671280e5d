// The one entry of every npm script: makes sure that dependencies and dist are there and current, then runs the tool.
// Plain JavaScript without dependencies, since it runs before any is installed. It never changes sources.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { constants } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TOOLS = {
  tsc: 'node_modules/typescript/bin/tsc',
  tsx: 'node_modules/tsx/dist/cli.mjs',
  vitest: 'node_modules/vitest/vitest.mjs',
  oxlint: 'node_modules/oxlint/bin/oxlint',
  oxfmt: 'node_modules/oxfmt/bin/oxfmt',
}

const TASKS = {
  start: async (args) => (await built()) || node(['dist/cli/main.js', 'lab', ...args]),
  test: async (args) => (await built()) || tool('vitest', ['run', ...args]),
  build: () => build(),
  dev: (args) => tool('tsx', ['watch', 'src/cli/main.ts', 'lab', ...args]),
  docs: (args) => tool('tsx', ['src/cli/docs.ts', ...args]),
  bench: async (args) => (await built()) || tool('tsx', ['bench/main.ts', ...args]),
  soak: async (args) => (await built()) || tool('tsx', ['bench/soak.ts', ...args]),
  fuzz: (args) => tool('tsx', ['test/fuzz/main.ts', ...args]),
  check: () => check(),
}

process.exitCode = await main(process.argv.slice(2))

async function main([name, ...args]) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    return fail(
      `Node ${process.versions.node} is too old`,
      'install Node 24, or 20.19 at least: https://nodejs.org',
    )
  const task = Object.hasOwn(TASKS, name ?? '') ? TASKS[name] : undefined
  if (task === undefined)
    return fail(`no task "${name ?? ''}"`, `one of ${Object.keys(TASKS).join(', ')}: npm run TASK`)
  process.chdir(ROOT)
  return (await installed()) || task(args)
}

/** Each check runs, whatever the one before it found; a warning fails as an error does. */
async function check() {
  const steps = {
    types: () => tool('tsc', ['-p', 'tsconfig.json']),
    lint: () => tool('oxlint', ['--type-aware', '--deny-warnings']),
    format: () => tool('oxfmt', ['--check']),
    structure: () => tool('vitest', ['run', 'test/structure.test.ts', '--reporter=dot']),
  }
  const failed = []
  for (const [title, step] of Object.entries(steps)) {
    say(`check: ${title}`)
    if ((await step()) !== 0) failed.push(title)
  }
  say(failed.length === 0 ? 'check: all good' : `check: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

/** @returns 0 once the dependencies of package-lock.json are installed; needs no network where they are. */
async function installed() {
  const stale = dependencyProblem()
  if (stale === undefined) return 0
  say(`${stale}: npm ci --ignore-scripts`)
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  // npm says where it lives; without it (plain `node scripts/run.mjs`) it is looked for on the PATH.
  const npm = process.env.npm_execpath
  const code = npm?.endsWith('.js') ? await node([npm, ...args]) : await run('npm', args)
  return code === 0
    ? 0
    : fail('the dependencies could not be installed', 'see the lines above; the first time needs a network')
}

function dependencyProblem() {
  const record = 'node_modules/.package-lock.json'
  if (!existsSync(record)) return 'dependencies are not installed'
  if (statSync(record).mtimeMs >= statSync('package-lock.json').mtimeMs) return undefined
  // A checkout touches the lock file without changing it: only a difference in what it pins counts.
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
  const found = JSON.parse(readFileSync(record, 'utf8')).packages
  const differs = Object.keys(wanted).some(
    (path) => path !== '' && !wanted[path].optional && wanted[path].version !== found[path]?.version,
  )
  return differs ? 'dependencies are older than package-lock.json' : undefined
}

/** @returns 0 once dist is no older than src. */
async function built() {
  if (!existsSync('src')) return 0
  const inputs = Math.max(
    newest('src'),
    ...['tsconfig.json', 'tsconfig.build.json'].map((file) => statSync(file).mtimeMs),
  )
  const marker = 'dist/cli/main.js'
  if (existsSync(marker) && statSync(marker).mtimeMs >= inputs) return 0
  say('building dist')
  return build()
}

/** Builds beside dist and swaps at the end, so that what runs from dist never sees half of it. */
async function build() {
  const fresh = `dist-${process.pid}`
  const old = `${fresh}-old`
  try {
    const code = await tool('tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh])
    if (code !== 0) return fail('src does not compile', 'npm run check says more')
    cpSync('src', fresh, {
      recursive: true,
      filter: (path) => statSync(path).isDirectory() || extname(path) !== '.ts',
    })
    // npm makes a program of it once, when it is linked; a build after that must not take it back.
    chmodSync(`${fresh}/cli/main.js`, 0o755)
    if (existsSync('dist')) renameSync('dist', old)
    renameSync(fresh, 'dist')
    return 0
  } finally {
    for (const directory of [fresh, old]) rmSync(directory, { recursive: true, force: true })
  }
}

function newest(directory) {
  const times = readdirSync(directory, { withFileTypes: true }).map((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs
  })
  // The directory's own time, too: it alone tells of a file that is gone.
  return Math.max(statSync(directory).mtimeMs, ...times)
}

function tool(name, args) {
  return node([TOOLS[name], ...args])
}

function node(args) {
  return run(process.execPath, args)
}

/** Runs a program on our own terminal, hands signals on, and resolves with its exit code. */
function run(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' })
  // On a terminal, Ctrl-C and a hang-up reach the whole process group: handed on as well, they would arrive twice.
  const direct = process.stdin.isTTY ? ['SIGINT', 'SIGHUP'] : []
  const handlers = ['SIGINT', 'SIGHUP', 'SIGTERM'].map((signal) => [
    signal,
    () => direct.includes(signal) || child.kill(signal),
  ])
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(fail(`${program} did not start: ${error.message}`)))
    child.on('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

function say(line) {
  process.stderr.write(`hubgate: ${line}\n`)
}

function fail(problem, hint) {
  say(`error: ${problem}`)
  if (hint !== undefined) say(`hint: ${hint}`)
  return 1
}
