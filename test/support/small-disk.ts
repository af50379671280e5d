// A disk of a few blocks that a test can fill or write-protect: a tmpfs, which takes root. Elsewhere its tests are left out with
// a line that says so; in CI as well, since containers may forbid it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'

export interface SmallDisk {
  readonly directory: string
  /** Leaves so many blocks of 4 KiB. */
  readonly fill: (blocks?: number) => void
  readonly empty: () => void
  readonly readOnly: () => void
}

const BLOCK = 4096
const BLOCKS = 16

/** A test with a disk of its own. */
export function itOnSmallDisk(name: string, test: (disk: SmallDisk) => Promise<void>): void {
  if (!available()) return
  it(name, async () => {
    const directory = mounted()
    if (directory === undefined) throw new Error('a tmpfs could be mounted before, and not now')
    const filling = join(directory, 'filling')
    try {
      await test({
        directory,
        fill: (blocks = 0) => {
          const free = statfsSync(directory).bavail
          writeFileSync(filling, Buffer.alloc(Math.max(0, free - blocks) * BLOCK))
        },
        empty: () => rmSync(filling),
        readOnly: () => void spawnSync('mount', ['-o', 'remount,ro', directory]),
      })
    } finally {
      spawnSync('umount', [directory])
      rmdirSync(directory)
    }
  })
}

let known: boolean | undefined

function available(): boolean {
  if (known === undefined) {
    const directory = mounted()
    known = directory !== undefined
    if (directory === undefined)
      console.warn('no tmpfs can be mounted here: tests of a full disk are left out')
    else {
      spawnSync('umount', [directory])
      rmdirSync(directory)
    }
  }
  return known
}

function mounted(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-disk-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${BLOCKS * BLOCK}`, 'tmpfs', directory])
  if (status === 0) return directory
  rmdirSync(directory)
  return undefined
}
