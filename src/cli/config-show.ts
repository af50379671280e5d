// `hubgate config show`: the effective configuration, every default filled in, secrets as ***.
import type { Command } from 'commander'
import { showConfig, shownConfig } from '../config/show.ts'
import { print, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, loadMeant, withConfig, withJson } from './options.ts'

export function registerConfigShow(config: Command): void {
  withJson(withConfig(config.command('show')))
    .description('print what is in effect, secrets as ***')
    .action((options: ConfigOption & JsonOption) => {
      const loaded = loadMeant(options)
      if (options.json === true) printJson(shownConfig(loaded.config))
      else print(showConfig(loaded.config))
    })
}
