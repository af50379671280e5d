// Commands of the contract that this version does not have: they are known, and they say so.
import type { Command } from 'commander'
import { wrongUse } from './io.ts'

const COMMANDS = {
  delivery: 'list, show and requeue deliveries of the inbox',
  request: 'list what came in',
  explain: 'tell the story of one request or refused connection',
  doctor: 'look for everything that silently stops deliveries',
} as const

export function registerUnbuilt(program: Command): void {
  for (const [name, does] of Object.entries(COMMANDS))
    unbuilt(program, { name, does, hint: 'hubgate --help lists what is there' })
}

function unbuilt(parent: Command, { name, does, hint }: { name: string; does: string; hint: string }): void {
  const whole = [parent.name(), name].join(' ').replace(/^hubgate /, '')
  parent
    .command(name)
    .description(`${does} (not built yet)`)
    .argument('[arguments...]')
    .allowUnknownOption()
    .action(() => {
      throw wrongUse(`${whole} is not built yet in this version`, hint)
    })
}
