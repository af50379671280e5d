// The ways in which files come to where hubgate reads them, and are replaced there by those who renew them.
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Files = Readonly<Record<string, string>>

/** Puts files into a directory; later calls replace those that are given. */
export type Deploy = (directory: string, files: Files) => void

export const DEPLOYMENTS = {
  'renamed over the old one': (directory, files) => {
    mkdirSync(directory, { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(directory, `.${name}.new`), content)
      renameSync(join(directory, `.${name}.new`), join(directory, name))
    }
  },
  'written in place': (directory, files) => {
    mkdirSync(directory, { recursive: true })
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  },
  'removed, and put back': (directory, files) => {
    mkdirSync(directory, { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      rmSync(join(directory, name), { force: true })
      writeFileSync(join(directory, name), content)
    }
  },
  // live/x -> ../archive/x1, then the link is made anew to ../archive/x2: nothing in archive/ ever changes.
  "archived, with certbot's link to the newest": (directory, files) => {
    const archive = `${directory}-archive`
    mkdirSync(directory, { recursive: true })
    mkdirSync(archive, { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      const link = join(directory, name)
      const old = target(link)
      const next = `${name}.${Number(old?.split('.').at(-1) ?? 0) + 1}`
      writeFileSync(join(archive, next), content)
      if (old !== undefined) unlinkSync(link)
      symlinkSync(join(archive, next), link)
    }
  },
  // x -> ..data/x, ..data -> ..3; all files swap at once when ..data is renamed over. The old directory goes.
  "mounted, with Kubernetes' ..data swapped": (directory, files) => {
    mkdirSync(directory, { recursive: true })
    const data = join(directory, '..data')
    const old = target(data)
    const next = `..${Number(old?.slice(2) ?? 0) + 1}`
    mkdirSync(join(directory, next))
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, next, name), content)
    symlinkSync(next, `${data}_tmp`)
    renameSync(`${data}_tmp`, data)
    if (old !== undefined) return rmSync(join(directory, old), { recursive: true })
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(directory, name))
  },
} as const satisfies Record<string, Deploy>

function target(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}
