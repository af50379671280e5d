// Builds what the Dockerfile describes without an engine: each stage is the root of this Debian under a layer of its own, and the
// Dockerfile's own RUN, COPY, ENV, WORKDIR and USER lines are carried out in it. Then runs it: read-only, its user, process 1.
// Needs root and overlay mounts; all of it lives in mount and process namespaces that end with the program.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoted } from '../../src/domain/shell-word.ts'
import { keepOutput } from '../canary.ts'
import { ROOT, type Stage, assignments, contextEntries, execForm, readDockerfile } from './dockerfile.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const BUILD_MS = 150_000
/** How the machine reaches its package registry, where its environment says. */
const HANDED_ON = ['npm_config_registry', 'https_proxy', 'http_proxy', 'no_proxy', 'NODE_EXTRA_CA_CERTS']

/** Whether this machine lets us build so. */
export function canBuild(): boolean {
  const probe =
    'd=$(mktemp -d); mount -t tmpfs none "$d" && mkdir "$d/u" "$d/w" "$d/m" && mount -t overlay overlay -o lowerdir=/,upperdir="$d/u",workdir="$d/w" "$d/m" && chroot "$d/m" true'
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', probe], {
    timeout: 20_000,
  })
  return status === 0
}

export class Container {
  readonly #child: ChildProcess
  readonly #directory: string
  #output = ''
  readonly ended: Promise<number | null>

  /** @param config the directory that is mounted, read-only, as /etc/hubgate. */
  constructor(config: string) {
    this.#directory = mkdtempSync(join(tmpdir(), 'hubgate-image-'))
    mkdirSync(join(this.#directory, 'layers'))
    const script = program(this.#directory, config)
    this.#child = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', 'bash', '-c', script],
      {
        cwd: ROOT,
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    )
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    this.#child.stdin?.on('error', () => {})
    this.ended = once(this.#child, 'close').then(() => this.#child.exitCode)
  }

  get output(): string {
    return this.#output
  }

  /** Resolves with what fits in the output. @throws where it ends first, or after a long while. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const until = Date.now() + BUILD_MS
    for (;;) {
      const found = pattern.exec(this.#output)
      if (found !== null) return found
      if (this.#child.exitCode !== null || Date.now() > until)
        throw new Error(`never said ${pattern}: ${this.#output.slice(-4_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** `health`, `term`, `look COMMAND…`: answered by `done N` with the exit code. */
  async command(line: string): Promise<{ code: number; said: string }> {
    const before = this.#output.length
    this.#child.stdin?.write(`${line}\n`)
    for (;;) {
      const said = this.#output.slice(before)
      const found = /^done (\d+)$/m.exec(said)
      if (found !== null) return { code: Number(found[1]), said: said.slice(0, found.index) }
      if (this.#child.exitCode !== null) throw new Error(`ended: ${this.#output.slice(-4_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async end(): Promise<void> {
    this.#child.stdin?.end()
    this.#child.kill('SIGKILL')
    await this.ended
    keepOutput('image', this.#output)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** The whole as one shell script: mounts, build, run, and a loop that takes commands. */
function program(directory: string, config: string): string {
  const { stages } = readDockerfile()
  const roots = new Map(stages.map(({ name }, i) => [name, `${directory}/layers/${i}/root`]))
  const steps = stages.flatMap((stage, i) =>
    stageSteps(stage, { base: `${directory}/layers/${i}`, roots, last: i === stages.length - 1 }),
  )
  const image = stages.at(-1)
  const root = `${directory}/layers/${stages.length - 1}/root`
  const of = (keyword: string) =>
    image?.instructions.filter((one) => one.keyword === keyword).map(({ text }) => text) ?? []
  const inside = `chroot --userspec=${of('USER')[0] ?? ''} --groups= ${root} env -i PATH=${PATH} ${environment(of('ENV'))}`
  const health = execForm(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0] ?? '')?.[1] ?? '')
  const start = [...execForm(of('ENTRYPOINT')[0] ?? ''), ...execForm(of('CMD')[0] ?? '')]
  return [
    'set -eu',
    `mount -t tmpfs none ${directory}/layers`,
    ...steps,
    'echo built',
    // As `docker run --read-only -v state:/var/lib/hubgate -v …:/etc/hubgate:ro` does.
    ...of('VOLUME').map((path) => `mount -t tmpfs -o uid=10001,gid=10001,mode=0750 none ${root}${path}`),
    `mount --bind ${quoted(config)} ${root}/etc/hubgate`,
    `mount -o remount,ro,bind ${root}/etc/hubgate`,
    `mount -o remount,ro ${root}`,
    `unshare --pid --fork --kill-child --mount-proc=${root}/proc ${inside} ${start.map(quoted).join(' ')} &`,
    'outer=$!',
    'while read -r name rest; do code=0; case $name in',
    `health) ${inside} ${health.map(quoted).join(' ')} || code=$? ;;`,
    `look) ${inside} sh -c "$rest" || code=$? ;;`,
    'term) kill -TERM "$(cat /proc/$outer/task/$outer/children)"; wait "$outer" || code=$? ;;',
    'esac; echo "done $code"; done',
  ].join('\n')
}

interface Place {
  readonly base: string
  readonly roots: ReadonlyMap<string | undefined, string>
  readonly last: boolean
}

function stageSteps({ instructions }: Stage, { base, roots }: Place): string[] {
  const root = `${base}/root`
  const steps = [
    `mkdir -p ${base}/upper ${base}/work ${root}`,
    `mount -t overlay overlay -o lowerdir=/,upperdir=${base}/upper,workdir=${base}/work ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount --bind /dev ${root}/dev`,
    // The base image's Node is the one that runs this test.
    `rm -f ${root}/usr/local/bin/node && cp ${quoted(process.execPath)} ${root}/usr/local/bin/node`,
  ]
  let directory = '/'
  const env: string[] = []
  for (const { keyword, text, line } of instructions)
    switch (keyword) {
      case 'WORKDIR':
        directory = text
        steps.push(`mkdir -p ${root}${directory}`)
        break
      case 'ENV':
        env.push(text)
        break
      case 'RUN':
        steps.push(
          `echo 'Dockerfile:${line}: RUN'`,
          `chroot ${root} env -i PATH=${PATH} HOME=/root npm_config_prefer_offline=true ${handedOn()} ${environment(env)} sh -c ${quoted(`cd ${directory} && ${text}`)} </dev/null`,
        )
        break
      case 'COPY':
        steps.push(...copySteps(text, `${root}${directory}`, roots))
        break
      case 'LABEL':
      case 'USER':
      case 'VOLUME':
      case 'EXPOSE':
      case 'HEALTHCHECK':
      case 'STOPSIGNAL':
      case 'ENTRYPOINT':
      case 'CMD':
        break
      default:
        throw new Error(`Dockerfile:${line}: ${keyword} cannot be carried out`)
    }
  return steps
}

// A directory brings its content, a file itself; everything belongs to root then.
function copySteps(text: string, workdir: string, roots: Place['roots']): string[] {
  const words = text.split(/\s+/)
  const stage = /^--from=(.*)$/.exec(words[0] ?? '')?.[1]
  const sources = words.slice(stage === undefined ? 0 : 1, -1)
  const to = `${workdir}/${words.at(-1) ?? ''}`
  const sent = new Set(contextEntries())
  return sources.flatMap((source) => {
    if (stage === undefined && !sent.has(source))
      throw new Error(`COPY ${source}: .dockerignore keeps it back`)
    const from = stage === undefined ? join(ROOT, source) : `${roots.get(stage) ?? ''}${source}`
    return [
      `if [ -d ${quoted(from)} ]; then mkdir -p ${to}; cp -R --preserve=mode,links ${quoted(from)}/. ${to}; else mkdir -p "$(dirname ${to}x)"; cp --preserve=mode ${quoted(from)} ${to}; fi`,
    ]
  })
}

function environment(lines: readonly string[]): string {
  return lines
    .flatMap((text) => [...assignments(text)])
    .map(([name, value]) => quoted(`${name}=${value}`))
    .join(' ')
}

function handedOn(): string {
  return HANDED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [quoted(`${name}=${value}`)]
  }).join(' ')
}
