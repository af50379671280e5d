// `hubgate anchor inspect FILE`: what a file would have hubgate trust. Exit 3 where it is no list of CA certificates.
import type { Command } from 'commander'
import { readBytes } from '../config/read-text.ts'
import { type Anchor, AnchorFileError, MAX_FILE, anchorOf, parseAnchors } from '../tls/anchors.ts'
import { anchorName } from './anchor-name.ts'
import { anchorFacts, anchorText } from './anchor-text.ts'
import { certificateInZip, isZip } from './anchor-zip.ts'
import { CliError, EXIT, print, printJson } from './io.ts'
import { type JsonOption, withJson } from './options.ts'

export function registerAnchorInspect(anchor: Command): void {
  withJson(
    anchor
      .command('inspect <file>')
      .description('show the CA certificates of a file: PEM, DER, or a zip with one'),
  ).action(async (file: string, options: JsonOption) => {
    const anchors = await readAnchorFile(file)
    if (options.json === true) printJson(anchors.map(anchorFacts))
    else print(anchors.map((anchor) => anchorText(anchor)).join('\n\n'))
  })
}

/** Reads PEM, DER, or a zip with one such file. @throws CliError with exit 3 where the file is not exactly a list of CA certificates. */
export async function readAnchorFile(file: string): Promise<readonly Anchor[]> {
  try {
    const bytes = readBytes(file, MAX_FILE)
    const certificates = parseAnchors(isZip(bytes) ? certificateInZip(bytes) : bytes)
    return certificates.map((certificate) => anchorOf(certificate, anchorName(certificate)))
  } catch (error) {
    if (error instanceof AnchorFileError)
      throw new CliError(`${file}: ${error.message}`, { hint: error.hint, exit: EXIT.wanting })
    throw new CliError(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`)
  }
}
