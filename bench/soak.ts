// `npm run soak`: half an hour of load, bad traffic, reloads and restarts; exit 1 where a rule is broken.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Cleanup } from './cleanup.ts'
import { machineFacts, machineText } from './machine.ts'
import { WrongUse } from './options.ts'
import { interruption } from './run.ts'
import { soakOptionsOf } from './soak/options.ts'
import { soak } from './soak/run.ts'
import { endText, headLine, minuteLine } from './soak/text.ts'
import { ROOT } from './watched-process.ts'

const cleanup = new Cleanup()
const interrupted = interruption()
try {
  process.exitCode = await Promise.race([main(process.argv.slice(2)), interrupted.promise])
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : String(error)}`)
  if (error instanceof WrongUse) say(`hint: ${error.hint}`)
  process.exitCode = error instanceof WrongUse ? 2 : 1
} finally {
  interrupted.off()
  await cleanup.run()
}
// What an interrupted run still waits for must not keep it.
process.exit()

async function main(args: readonly string[]): Promise<number> {
  const options = soakOptionsOf(args)
  if (!existsSync(join(ROOT, 'dist/cli/main.js'))) throw new WrongUse('there is no dist', 'npm run build')
  const machine = machineFacts()
  const show = options.json ? say : print
  show(machineText(machine))
  show(headLine())
  const soaked = await soak(options, { cleanup, say, onMinute: (minute) => show(minuteLine(minute)) })
  print(options.json ? JSON.stringify({ machine, ...options, ...soaked }, undefined, 2) : endText(soaked))
  return soaked.broken.length === 0 ? 0 : 1
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function say(line: string): void {
  process.stderr.write(`hubgate: ${line}\n`)
}
