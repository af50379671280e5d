// Waits that differ from machine to machine, so that a fleet does not ask at the same moment.
import { randomInt } from 'node:crypto'

/** 0 to 1; Math.random is banned in src, and nothing here needs its speed. */
export function random(): number {
  return randomInt(2 ** 32) / 2 ** 32
}

/** @returns the time give or take a tenth. */
export function jittered(milliseconds: number): number {
  return milliseconds * (0.9 + 0.2 * random())
}
