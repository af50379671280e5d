// The rules about the code itself, as tests with reasons: which room may import which, what may not stand where,
// and that every file says what it holds. What the code does is tested elsewhere.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Top to bottom: a file imports from its own room and from lines below it. Neighbours on one line do not import each other. */
const ROOMS: readonly (readonly string[])[] = [
  ['cli'],
  ['lab'],
  // Files directly in src: the public exports and what composes the whole.
  ['.'],
  ['admin'],
  ['gateway'],
  ['gates', 'tls', 'fronts', 'allowlist', 'upstream', 'inbox'],
  ['observe', 'config'],
  ['domain'],
]

interface Ban {
  readonly in: readonly string[]
  readonly except?: readonly string[]
  readonly text: RegExp
  readonly why: string
}

const BANS: readonly Ban[] = [
  {
    in: ['src/domain'],
    text: /from 'node:(?!crypto')|from '(?![.]|node:)/,
    why: 'domain is pure: pass the value in (node:crypto computes, the rest reaches out)',
  },
  {
    in: ['src/domain', 'src/gates'],
    text: /\bDate\.now\(|\bnew Date\(\)|\bperformance\b|\bprocess\.|\bset(?:Timeout|Interval|Immediate)\(|\bMath\.random\(/,
    why: 'neither a rule nor a gate has a clock, a process or luck: pass the value in',
  },
  { in: ['src/gates'], text: /from 'node:/, why: 'a gate has no I/O: facts in, verdict out' },
  { in: ['src/gates'], text: /\basync\b|\bawait\b|\bPromise\b/, why: 'a gate answers at once' },
  {
    in: ['src/gates', 'src/gateway', 'src/admin', 'src/fronts'],
    text: /\bparse(?:Int|Float)\(/,
    why: 'accepts "+5" and "5x": use a parser from domain/',
  },
  {
    in: ['src'],
    except: ['src/cli', 'src/lab'],
    text: /\bconsole\./,
    why: 'what the gateway has to say goes through observe/, with allow-listed fields',
  },
  {
    in: ['src'],
    except: ['src/cli'],
    text: /\bprocess\.exit\(/,
    why: 'only the command line ends the process',
  },
  {
    in: ['src'],
    text: /\.(?:getPeerCertificate|toLegacyObject)\(/,
    why: 'ends Node 24 on certificates whose key does not decode: a client could send one',
  },
  {
    in: ['src'],
    except: ['src/cli', 'src/lab'],
    text: /^import (?!type ).*from 'node:http'/,
    why: 'asks for all its exports, and so loads a WebSocket client nobody uses: process.getBuiltinModule does not',
  },
  { in: ['src'], text: /\bMath\.random\(/, why: 'ids and secrets come from node:crypto' },
  { in: ['src'], text: /\beval\(|\bnew Function\(/, why: 'nothing that arrives becomes code' },
  {
    in: ['src', 'test', 'bench', 'scripts', '.ci'],
    text: /\b(?:TODO|FIXME|XXX)\b/,
    why: 'finish it, or open an issue',
  },
  {
    in: ['src/observe', 'src/domain'],
    text: /\.reveal\(\)/,
    why: 'what logs and counts never holds a secret',
  },
  {
    in: ['src', 'bench'],
    except: ['src/tls', 'src/gateway', 'src/lab', 'src/upstream'],
    text: /rejectUnauthorized/,
    why: 'who is trusted is decided in few places',
  },
]

/** Which rooms may use a package, and for what it was chosen. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  commander: ['cli'],
  fflate: ['cli'],
  'http-proxy': ['upstream'],
  'ip-cidr': ['allowlist', 'cli'],
  'node-forge': ['lab', 'tls'],
  pino: ['observe'],
  'prom-client': ['observe'],
  selfsigned: ['lab'],
  yaml: ['config'],
  zod: ['config'],
}

const LONGEST_FILE = 320

const sources = filesOf('src')

describe('rooms', () => {
  it('has a place for every directory of src', () => {
    const known = new Set(ROOMS.flat())
    expect(sources.map(roomOf).filter((room) => !known.has(room))).toEqual([])
  })

  it('imports point down the list of rooms', () => {
    expect(sources.flatMap(importsUp)).toEqual([])
  })

  it('each package is used where it was chosen for', () => {
    const misplaced = sources.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => PACKAGES[specifier]?.includes(roomOf(file)) === false)
        .map((specifier) => `${file} imports ${specifier}, which is for ${PACKAGES[specifier]?.join(', ')}`),
    )
    expect(misplaced).toEqual([])
  })

  it('every dependency is named above, with its rooms', () => {
    expect(Object.keys(record(manifest()['dependencies'])).sort()).toEqual(Object.keys(PACKAGES).sort())
  })
})

describe('bans', () => {
  it.each(BANS.map((ban) => [`${ban.in.join(', ')}: ${ban.why}`, ban] as const))('%s', (_name, ban) => {
    const files = ban.in.flatMap(filesOf).filter((file) => !isExempt(file, ban))
    const found = files.flatMap((file) =>
      codeLines(file).flatMap((line, index) =>
        ban.text.test(line) ? [`${file}:${index + 1}  ${line.trim()}`] : [],
      ),
    )
    expect(found, ban.why).toEqual([])
  })
})

describe('files', () => {
  it('each opens by saying what it holds', () => {
    const silent = ['src', 'test', 'bench', 'scripts']
      .flatMap(filesOf)
      .filter((file) => !/^(?:#![^\n]*\n)?\/\/ \S/.test(read(file)))
    expect(silent).toEqual([])
  })

  it(`none is longer than ${LONGEST_FILE} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: read(file).split('\n').length }))
      .filter(({ lines }) => lines > LONGEST_FILE)
    expect(long).toEqual([])
  })

  it('names are words in lower case with hyphens between them', () => {
    expect(sources.filter((file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(basename(file)))).toEqual([])
  })
})

describe('package', () => {
  it('what it exports and runs has a source', () => {
    const { exports, bin } = manifest()
    const built = stringsIn([exports, bin]).filter((path) => path.includes('dist/'))
    expect(built.length).toBeGreaterThan(1)
    const missing = built.filter(
      (path) => !existsSync(join(ROOT, path.replace('dist/', 'src/').replace(/(?:\.d\.ts|\.js)$/, '.ts'))),
    )
    expect(missing).toEqual([])
  })

  it('what it ships exists', () => {
    const files = stringsIn(manifest()['files']).filter((path) => path !== 'dist' && path !== 'README.md')
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('pins every dependency to one version', () => {
    const { dependencies, devDependencies } = manifest()
    expect(
      stringsIn([dependencies, devDependencies]).filter((version) => !/^\d+\.\d+\.\d+$/.test(version)),
    ).toEqual([])
  })

  it('the lock file names no place to download from', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/[^"]*registry/)
  })

  it('every npm script goes through scripts/run.mjs and is known there', () => {
    const tasks = new Set(
      [...read('scripts/run.mjs').matchAll(/^ {2}(\w+): (?:async )?\(/gm)].map(([, task]) => task),
    )
    const unknown = stringsIn(manifest()['scripts']).filter(
      (script) => !tasks.has(/^node scripts\/run\.mjs (\w+)$/.exec(script)?.[1]),
    )
    expect(unknown).toEqual([])
  })
})

function importsUp(file: string): string[] {
  const own = roomOf(file)
  return specifiersOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(ROOT, resolve(ROOT, dirname(file), specifier)))
    .filter((target) => target.startsWith('src/'))
    .filter((target) => roomOf(target) !== own && rank(roomOf(target)) <= rank(own))
    .map((target) => `${file} imports ${target}, which does not lie below it`)
}

function specifiersOf(file: string): string[] {
  return [
    ...read(file).matchAll(
      /^(?:import|export)\b[^'"`;]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm,
    ),
  ].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? '')
}

function roomOf(file: string): string {
  const [, room = '', rest] = file.split('/')
  return rest === undefined ? '.' : room
}

function rank(room: string): number {
  return ROOMS.findIndex((line) => line.includes(room))
}

function isExempt(file: string, { except = [] }: Ban): boolean {
  return file === 'test/structure.test.ts' || except.some((directory) => file.startsWith(`${directory}/`))
}

// Comments explain what is banned; only code is judged. TODO and its like stand in comments, so those lines stay.
function codeLines(file: string): string[] {
  return read(file)
    .split('\n')
    .map((line) => (/^\s*(?:\/\/|\*|\/\*)/.test(line) && !/TODO|FIXME|XXX/.test(line) ? '' : line))
}

function filesOf(directory: string): string[] {
  const absolute = join(ROOT, directory)
  if (!existsSync(absolute)) return []
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .map((path) => join(directory, path))
    .filter((path) => /\.(?:ts|mjs)$/.test(path))
    .sort()
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function manifest(): Record<string, unknown> {
  const parsed: unknown = JSON.parse(read('package.json'))
  return record(parsed)
}

function record(value: unknown): Record<string, unknown> {
  return value instanceof Object ? Object.fromEntries(Object.entries(value)) : {}
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return value instanceof Object ? Object.values(value).flatMap(stringsIn) : []
}
