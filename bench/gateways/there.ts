// Whether a program of somebody else's is there.
import { spawnSync } from 'node:child_process'

const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }

export function isThere(program: string, ask: string): boolean {
  return spawnSync(program, [ask], { env }).status === 0
}
