// `hubgate anchor list`: the trust anchors of the configuration, each with what a person compares.
import type { Command } from 'commander'
import { type Anchor, loadAnchors } from '../tls/anchors.ts'
import { anchorFacts, anchorText } from './anchor-text.ts'
import { EXIT, exitWith, print, printError, printJson } from './io.ts'
import { type ConfigOption, type JsonOption, loadMeant, withConfig, withJson } from './options.ts'

export function registerAnchorList(anchor: Command): void {
  withJson(withConfig(anchor.command('list').description('the configured trust anchors'))).action(list)
}

function list(options: ConfigOption & JsonOption): void {
  const { config } = loadMeant(options)
  const anchors: Anchor[] = []
  for (const source of config.client.anchors) {
    try {
      anchors.push(...loadAnchors(source))
    } catch (error) {
      printError(`anchor ${source.name}: ${error instanceof Error ? error.message : 'cannot be read'}`)
      exitWith(EXIT.wanting)
    }
  }
  if (options.json === true) return printJson(anchors.map(anchorFacts))
  print(anchors.map(anchorText).join('\n\n'))
  if (!anchors.some(({ known }) => known?.current === true))
    print(
      "\nNone of them is Meta's current root: what Meta sends today would be refused. See certs/README.md, then `hubgate anchor add FILE --write`.",
    )
}
