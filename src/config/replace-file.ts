// Replaces a file whole or not at all: written beside it, synced, renamed. Keeps its mode and owner, follows its link.
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** @throws the system's error; the old file is then as it was. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const target = await targetOf(file)
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(temporary, 'wx', 0o644)
    try {
      await handle.writeFile(content)
      await takeAfter(handle, target)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

// A link whose target is not there yet is followed all the same.
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch {
    const link = await readlink(file).catch(() => undefined)
    return link === undefined ? file : resolve(dirname(file), link)
  }
}

// Whoever could read the old one can read the new one, though root writes it under a strict umask from cron.
async function takeAfter(handle: FileHandle, target: string): Promise<void> {
  const old = await stat(target).catch(() => undefined)
  if (old === undefined) return
  const fresh = await handle.stat()
  if (fresh.uid !== old.uid || fresh.gid !== old.gid)
    // Only root may give files away.
    await handle.chown(old.uid, old.gid).catch(() => {})
  await handle.chmod(old.mode & 0o777)
}
