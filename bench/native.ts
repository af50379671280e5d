// The load and the upstream: compiled on the spot where there are a compiler and OpenSSL's headers, else Node does the same, only
// for more.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { ROOT } from './watched-process.ts'

export interface Programs {
  /** What stands before their arguments. */
  readonly load: readonly string[]
  readonly upstream: readonly string[]
  /** For the conditions of a result. */
  readonly text: string
}

const IN_NODE: Programs = {
  load: [process.execPath, join(ROOT, 'bench/programs/load.mjs')],
  upstream: [process.execPath, join(ROOT, 'bench/programs/upstream.mjs')],
  text: 'load and upstream: Node, since there is no compiler with OpenSSL (apt-get install gcc libc6-dev libssl-dev): they may be busier than a server',
}

/** @param say is told where Node has to do it. */
export function makePrograms(cleanup: Cleanup, say: (line: string) => void): Programs {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-bench-native-'))
  cleanup.add(async () => rmSync(directory, { recursive: true, force: true }))
  const made = ['load', 'upstream'].every((name) => {
    const source = join(ROOT, `bench/native/${name}.c`)
    return (
      spawnSync(process.env['CC'] ?? 'cc', ['-O2', '-o', join(directory, name), source, '-lssl', '-lcrypto'])
        .status === 0
    )
  })
  if (!made) {
    say(IN_NODE.text)
    return IN_NODE
  }
  return {
    load: [join(directory, 'load')],
    upstream: [join(directory, 'upstream')],
    text: 'load and upstream: C with OpenSSL, compiled on the spot',
  }
}
