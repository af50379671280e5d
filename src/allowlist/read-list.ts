// Reads an allow-list file: one prefix a line, # comments, one strict grammar. Compiling and asking it is the table's work.
import { readFile, stat } from 'node:fs/promises'
import IPCIDR from 'ip-cidr'
import { keepFile, shownFile } from '../config/file-view.ts'
import { type Prefix, covers, formatPrefix, parsePrefix } from '../domain/address.ts'

export interface AllowList {
  readonly prefixes: readonly Prefix[]
  /** When the file was written. */
  readonly updated: Date
}

/** Everything wrong with a list, line by line (the first few), and what to do. */
export class AllowListError extends Error {
  override readonly name = 'AllowListError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Bytes: a million lines of the longest prefixes. */
const MAX_FILE = 64 * 1024 * 1024
const MAX_LINES = 1_000_000
const SHOWN_PROBLEMS = 5

/** @throws AllowListError, or the system's error where the file cannot be read. */
export async function readAllowList(file: string): Promise<AllowList> {
  const { text, updated } = await readListText(file)
  return { prefixes: parseAllowList(text), updated }
}

/** The file as it is, one byte a character. @throws as readAllowList does, for the file alone. */
export async function readListText(file: string): Promise<{ text: string; updated: Date }> {
  const shown = shownFile(file)
  if (shown === 'absent') throw new AllowListError('there is no such file', 'name the list itself')
  if (shown !== undefined)
    return { text: Buffer.from(shown.bytes).toString('latin1'), updated: shown.updated }
  const stats = await stat(file)
  // A device or a pipe could be endless.
  if (!stats.isFile()) throw new AllowListError('it is not a regular file', 'name the list itself')
  if (stats.size > MAX_FILE)
    throw new AllowListError(`it is larger than ${MAX_FILE} bytes`, 'a list of prefixes is some kilobytes')
  const text = await readFile(file, 'latin1')
  keepFile(file, () => ({ bytes: Buffer.from(text, 'latin1'), updated: stats.mtime }))
  return { text, updated: stats.mtime }
}

/** @throws AllowListError where a line is not exactly a prefix or comment, or no prefix is there: empty never means everybody. */
export function parseAllowList(text: string): readonly Prefix[] {
  const prefixes: Prefix[] = []
  const problems: string[] = []
  // One piece more than lines may be there: what follows the last line end.
  const lines = withoutByteOrderMark(text).split('\n', MAX_LINES + 2)
  if (lines.length > MAX_LINES + 1)
    throw new AllowListError(`it has more than ${MAX_LINES} lines`, 'a list of prefixes has some thousand')
  for (const [i, line] of lines.entries()) {
    const content = contentOf(line)
    if (/^[ \t]*$/.test(content)) continue
    try {
      prefixes.push(listedPrefix(content))
    } catch (error) {
      problems.push(`line ${i + 1}: ${error instanceof Error ? error.message : 'unreadable'}`)
      if (problems.length === SHOWN_PROBLEMS) break
    }
  }
  if (problems.length > 0)
    throw new AllowListError(problems.join('; '), 'write one prefix a line, such as 31.13.64.0/18')
  if (prefixes.length === 0)
    throw new AllowListError(
      'it holds no prefix: everybody would be refused',
      'put the AS32934 prefixes there, one a line',
    )
  return prefixes
}

function contentOf(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  const comment = text.search(/(?:^|[ \t])#/)
  // A lone carriage return in a comment would hide what stands after it.
  return comment === -1 || text.includes('\r') ? text : text.slice(0, comment).trimEnd()
}

// Some editors put one before UTF-8 text; the file was read byte by byte.
function withoutByteOrderMark(text: string): string {
  return text.replace(/^(?:\u{feff}|\xef\xbb\xbf)/u, '')
}

/** @throws SyntaxError: grammar first, then what no list of one company's networks holds. */
export function listedPrefix(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (prefix.length < (prefix.address.family === 4 ? 8 : 16))
    throw new SyntaxError(`"${text}" is too broad: it would admit a large part of the Internet`)
  // A second opinion from a kept library: what it cannot read we do not trust ourselves with. It never decides admission.
  if (!IPCIDR.isValidCIDR(text)) throw new SyntaxError(`"${text}" is not a prefix to ip-cidr`)
  return prefix
}

// RFC 6890 and the registries it began: address space that nobody reaches us from across the Internet.
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Of IPv6 only 2000::/3 is given to networks: these three are all the rest.
  '::/3',
  '4000::/2',
  '8000::/1',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
].map(parsePrefix)

/** The prefixes of a list that lie in (or hold) private or reserved space: worth a warning in a list of public peers. */
export function notPublic(prefixes: readonly Prefix[]): string[] {
  return prefixes
    .filter((prefix) => NOT_PUBLIC.some((reserved) => covers(reserved, prefix) || covers(prefix, reserved)))
    .map(formatPrefix)
}
