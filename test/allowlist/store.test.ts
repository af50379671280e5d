// The list on disk: what stands in it, what is kept beside it, and what stays as it was where a disk or a directory refuses.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { parseAllowList } from '../../src/allowlist/read-list.ts'
import { lastGoodOf, listDigest, listText } from '../../src/allowlist/store.ts'
import { formatPrefix, parsePrefix } from '../../src/domain/address.ts'
import { type KeptList, PRESENT, forgetLists, keptList, noListYet, wholeList } from '../support/kept-list.ts'
import { META_PREFIXES, answerOf, metaRoutes } from '../support/registry-objects.ts'
import { itOnSmallDisk } from '../support/small-disk.ts'

const GIVEN = answerOf(metaRoutes())
/** As it was before one network came. */
const OLDER = listText(META_PREFIXES.slice(1).map(parsePrefix), {
  source: 'x',
  time: new Date(0),
  objects: { ipv4: 1, ipv6: 1 },
})
const root = process.getuid?.() === 0
// What only root can do, and what nothing can keep root from: each has its counterpart below.
const itAsRoot = root ? it : () => {}
const itAsUser = root ? () => {} : it

afterAll(forgetLists)

describe('the text of a list', () => {
  it('is comments and prefixes, which its digest is of: sha256sum agrees', () => {
    const lines = wholeList(PRESENT)
    expect(lines).toEqual(META_PREFIXES)
    const { stdout } = spawnSync('sha256sum', { input: `${lines.join('\n')}\n`, encoding: 'utf8' })
    expect(PRESENT).toContain(`# sha256: ${stdout.slice(0, 64)}\n`)
  })

  it('is read back as the same list', () =>
    expect(parseAllowList(PRESENT).map(formatPrefix)).toEqual(META_PREFIXES))

  it('has another digest where one bit of a prefix differs', () => {
    const digests = ['157.240.0.0/16', '157.241.0.0/16', '157.240.0.0/17'].map((text) =>
      listDigest([parsePrefix(text)]),
    )
    expect(new Set(digests).size).toBe(3)
  })

  it('holds no line that the name of a file brings in', () => {
    const text = listText([parsePrefix('157.240.0.0/16')], {
      source: 'a\n10.0.0.0/8\r\x1b[2J',
      time: new Date(0),
      objects: { ipv4: 1, ipv6: 0 },
    })
    expect(parseAllowList(text).map(formatPrefix)).toEqual(['157.240.0.0/16'])
    expect(text).toContain('# source: a\n# time: 1970-01-01T00:00:00.000Z\n')
  })
})

describe('the last good list', () => {
  it('is the one that was replaced, byte for byte', async () => {
    const list = await keptList({ present: `${OLDER}# Stra\xdfe\n` })
    writeFileSync(list.file, `${OLDER}# Stra\xdfe\n`, 'latin1')
    await list.refresh({ given: GIVEN })
    expect(readFileSync(lastGoodOf(list.file), 'latin1')).toBe(`${OLDER}# Stra\xdfe\n`)
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('stays where the same list comes again', async () => {
    const list = await keptList({ present: OLDER })
    await list.refresh({ given: GIVEN })
    await list.refresh({ given: GIVEN })
    expect(readFileSync(lastGoodOf(list.file), 'latin1')).toBe(OLDER)
  })

  it('is not pushed out by what is no list', async () => {
    const list = await keptList({ present: OLDER })
    await list.refresh({ given: GIVEN })
    writeFileSync(list.file, 'half a li')
    await list.refresh({ given: GIVEN })
    expect(readFileSync(lastGoodOf(list.file), 'latin1')).toBe(OLDER)
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('is none at a first time, and none where a refresh failed', async () => {
    const list = await noListYet()
    await list.refresh({ given: GIVEN })
    await list.refresh({ given: answerOf(metaRoutes().slice(0, 3)) })
    expect(existsSync(lastGoodOf(list.file))).toBe(false)
  })
})

describe('the file', () => {
  /** cron's umask may be strict. */
  const umask = process.umask()
  afterEach(() => void process.umask(umask))

  it.each([0o600, 0o640, 0o664, 0o444])('keeps its mode %i under any umask', async (mode) => {
    const list = await keptList({ present: OLDER })
    chmodSync(list.file, mode)
    process.umask(0o077)
    await list.refresh({ given: GIVEN })
    expect(statSync(list.file).mode & 0o777).toBe(mode)
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  itAsRoot('keeps its owner, where root refreshes what a gateway reads', async () => {
    const list = await keptList({ present: OLDER })
    chownSync(list.file, 12_345, 23_456)
    await list.refresh({ given: GIVEN })
    expect(statSync(list.file)).toMatchObject({ uid: 12_345, gid: 23_456 })
  })

  it('can be read by all at a first time', async () => {
    const list = await noListYet()
    process.umask(0o022)
    await list.refresh({ given: GIVEN })
    expect(statSync(list.file).mode & 0o777).toBe(0o644)
  })

  it('stays a link, and its target becomes the list', async () => {
    const list = await noListYet()
    const target = linked(list, 'elsewhere/list.txt', '../list.link')
    writeFileSync(target, OLDER)
    await list.refresh({ given: GIVEN })
    expect(lstatSync(list.file).isSymbolicLink()).toBe(true)
    expect(lstatSync(target).isFile()).toBe(true)
    expect(wholeList(readFileSync(target, 'latin1'))).toEqual(META_PREFIXES)
    expect(readFileSync(lastGoodOf(list.file), 'latin1')).toBe(OLDER)
    expect(await list.names()).toEqual([
      'as32934.txt',
      'as32934.txt.last-good',
      'as32934.txt.status.json',
      'elsewhere',
      'list.link',
    ])
  })

  it('stays a link, though its target is not there yet', async () => {
    const list = await noListYet()
    const target = join(list.directory, 'elsewhere', 'list.txt')
    mkdirSync(dirname(target))
    symlinkSync('elsewhere/list.txt', list.file)
    await list.refresh({ given: GIVEN })
    expect(lstatSync(list.file).isSymbolicLink()).toBe(true)
    expect(wholeList(readFileSync(target, 'latin1'))).toEqual(META_PREFIXES)
  })

  it('is replaced, not written into: who has it open reads the old one to its end', async () => {
    const list = await keptList({ present: OLDER })
    const before = statSync(list.file).ino
    const hard = join(list.directory, 'hard')
    spawnSync('ln', [list.file, hard])
    await list.refresh({ given: GIVEN })
    expect(readFileSync(hard, 'latin1')).toBe(OLDER)
    expect(statSync(list.file).ino).not.toBe(before)
  })

  it('is new though nothing changed: its age is that of the last good look', async () => {
    const list = await keptList({ present: PRESENT })
    utimesSync(list.file, 0, 0)
    await list.refresh({ given: GIVEN })
    expect(statSync(list.file).mtimeMs).toBeGreaterThan(0)
  })

  it('that is a directory is an error, and stays one', async () => {
    const list = await noListYet()
    mkdirSync(list.file)
    await expect(list.refresh({ given: GIVEN })).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(lstatSync(list.file).isDirectory()).toBe(true)
    expect(await list.names()).toEqual(['as32934.txt', 'as32934.txt.status.json'])
  })

  /** The list is a link, over another link, to a file of another directory. */
  function linked(list: KeptList, target: string, between: string): string {
    const file = join(list.directory, target)
    mkdirSync(dirname(file))
    const middle = join(dirname(file), between)
    symlinkSync(target, middle)
    symlinkSync(middle, list.file)
    return file
  }
})

describe('where nothing can be written', () => {
  itAsUser('in the directory, the list stays as it was', async () => {
    const list = await keptList()
    chmodSync(list.directory, 0o555)
    try {
      await expect(list.refresh({ given: GIVEN })).rejects.toThrow(/EACCES/)
      expect(await list.text()).toBe(PRESENT)
      expect(await list.names()).toEqual(['as32934.txt'])
    } finally {
      chmodSync(list.directory, 0o755)
    }
  })

  itOnSmallDisk(
    'because the disk is full, the list stays as it was, and nothing else is left',
    async (disk) => {
      const list = await keptList()
      const file = join(disk.directory, 'as32934.txt')
      writeFileSync(file, OLDER)
      const full = list.movedTo(file)
      disk.fill()
      await expect(full.refresh({ given: GIVEN })).rejects.toThrow(/ENOSPC/)
      expect(readFileSync(file, 'latin1')).toBe(OLDER)
      expect(await full.names()).toEqual(['as32934.txt', 'filling'])
      disk.empty()
      await full.refresh({ given: GIVEN })
      expect(wholeList(readFileSync(file, 'latin1'))).toEqual(META_PREFIXES)
    },
  )

  itOnSmallDisk('because the disk is full in the middle of it, too', async (disk) => {
    const list = await keptList()
    const file = join(disk.directory, 'as32934.txt')
    writeFileSync(file, OLDER)
    // Room for the lock, the last good list, and half of the new one: whatever is written first.
    for (const free of [1, 2, 3, 4]) {
      const full = list.movedTo(file)
      disk.fill(free)
      const outcome = await full.refresh({ given: GIVEN }).catch((error: unknown) => error)
      const text = readFileSync(file, 'latin1')
      expect(text === OLDER || wholeList(text).length === META_PREFIXES.length).toBe(true)
      expect((await full.names()).filter((name) => /tmp|lock/.test(name))).toEqual([])
      expect(outcome).toBeDefined()
      disk.empty()
    }
  })

  itOnSmallDisk('because the disk is read-only, the list stays as it was', async (disk) => {
    const list = await keptList()
    const file = join(disk.directory, 'as32934.txt')
    writeFileSync(file, OLDER)
    disk.readOnly()
    await expect(list.movedTo(file).refresh({ given: GIVEN })).rejects.toThrow(/EROFS/)
    expect(readFileSync(file, 'latin1')).toBe(OLDER)
  })
})
