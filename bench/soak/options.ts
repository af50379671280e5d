// The command line of the soak.
import { parseArgs } from 'node:util'
import { didYouMean } from '../../src/config/suggest.ts'
import { WrongUse } from '../options.ts'

export interface SoakOptions {
  readonly minutes: number
  /** What listen.workers says; undefined: nothing. */
  readonly workers: number | 'auto' | undefined
  readonly json: boolean
}

const MINUTES = 30
const NAMES = ['--minutes', '--workers', '--json']

/** @throws WrongUse */
export function soakOptionsOf(args: readonly string[]): SoakOptions {
  const options = {
    minutes: { type: 'string' },
    workers: { type: 'string' },
    json: { type: 'boolean' },
  } as const
  let given: { minutes?: string; workers?: string; json?: boolean }
  try {
    given = parseArgs({ args: [...args], options }).values
  } catch (error) {
    const wrong = args.find((arg) => !NAMES.includes(arg.split('=')[0] ?? '')) ?? ''
    const hint = didYouMean(wrong, NAMES) ?? `there are ${NAMES.join(', ')}`
    throw new WrongUse(error instanceof Error ? error.message : String(error), hint)
  }
  const { minutes = `${MINUTES}`, workers, json = false } = given
  if (!/^\d+(?:\.\d+)?$/.test(minutes) || !(Number(minutes) > 0))
    throw new WrongUse(`--minutes ${minutes}: no number above 0`, 'such as --minutes 5')
  if (workers !== undefined && workers !== 'auto' && !/^[1-9]\d*$/.test(workers))
    throw new WrongUse(`--workers ${workers}: no number above 0`, 'such as --workers 2, or --workers auto')
  return {
    minutes: Number(minutes),
    json,
    workers: workers === undefined || workers === 'auto' ? workers : Number(workers),
  }
}
