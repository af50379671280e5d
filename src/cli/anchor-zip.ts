// The one certificate file of a zip, as Meta offers its root. Names in a zip choose the file to read and nothing else:
// nothing is ever written under them. Sizes in a zip are claims: what is unpacked is bounded by what we set aside.
import { crc32 } from 'node:zlib'
import { unzipSync } from 'fflate'
import { visible } from '../observe/text.ts'
import { AnchorFileError, MAX_FILE } from '../tls/anchors.ts'

const ENDINGS = /\.(?:pem|crt|cer|der)$/i
/** What systems add by themselves. */
const JUNK = /(?:^|\/)(?:__MACOSX\/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/
/** More files than anybody packs with a certificate. */
const MOST_FILES = 100
/** Unpacking takes time by what went in, whatever it may come out to. */
const LARGEST_ZIP = 256 * 1024

export function isZip(bytes: Uint8Array): boolean {
  const [p, k, third, fourth] = bytes
  return p === 0x50 && k === 0x4b && ((third === 3 && fourth === 4) || (third === 5 && fourth === 6))
}

/** @throws AnchorFileError where there is not exactly one certificate file to be read, in words for an operator. */
export function certificateInZip(zip: Uint8Array): Uint8Array {
  if (zip.length > LARGEST_ZIP) throw new AnchorFileError(`the zip is larger than ${LARGEST_ZIP} bytes`, PICK)
  const entries = entriesOf(zip)
  const chosen = theOne(entries)
  const directory = directoryOf(zip)
  if (directory.some(({ locked }) => locked))
    throw new AnchorFileError('the zip is locked with a password', 'unpack it, and give the file inside')
  if (chosen.size > MAX_FILE)
    throw new AnchorFileError(
      `${visible(chosen.name)} in the zip is larger than ${MAX_FILE} bytes`,
      'an anchor file holds a few certificates',
    )
  // Each entry has its turn again, so that of two with one name the one that was chosen is unpacked.
  let turn = 0
  const [content] = Object.values(unzipped(zip, () => entries[turn++] === chosen))
  if (content === undefined || content.length !== chosen.size)
    throw new AnchorFileError('the zip is damaged: its file is not as long as it says', DAMAGED)
  const sum = crc32(content)
  if (!directory.some((entry) => entry.sum === sum))
    throw new AnchorFileError('the zip is damaged: its file does not fit its check sum', DAMAGED)
  return content
}

interface Entry {
  readonly name: string
  /** Unpacked, as the zip claims. */
  readonly size: number
}

const DAMAGED = 'download it again, or unpack it and give the file inside'

function entriesOf(zip: Uint8Array): readonly Entry[] {
  const entries: Entry[] = []
  unzipped(zip, ({ name, originalSize }) => {
    if (entries.length === MOST_FILES)
      throw new AnchorFileError(`the zip holds more than ${MOST_FILES} files`, PICK)
    entries.push({ name, size: originalSize })
    return false
  })
  return entries
}

const PICK = 'unpack it, and give the certificate that you mean'

function theOne(entries: readonly Entry[]): Entry {
  const files = entries.filter(({ name }) => !/(?:^|\/)$/.test(name) && !JUNK.test(name))
  const certificates = files.filter(({ name }) => ENDINGS.test(name))
  const [one, ...others] = certificates
  if (one !== undefined && others.length === 0) return one
  if (one !== undefined)
    throw new AnchorFileError(
      `the zip holds ${certificates.length} certificate files: ${namesOf(certificates)}`,
      PICK,
    )
  if (files.some(({ name }) => /\.zip$/i.test(name)))
    throw new AnchorFileError('the zip holds another zip', 'unpack it, and give the one inside')
  const what = files.length === 0 ? 'nothing' : namesOf(files)
  throw new AnchorFileError(
    `the zip holds no certificate file, but ${what}`,
    'it should hold one that ends in .pem, .crt, .cer or .der',
  )
}

function namesOf(entries: readonly Entry[]): string {
  const names = entries.slice(0, 5).map(({ name }) => visible(name.slice(0, 80)))
  return `${names.join(', ')}${entries.length > names.length ? ', …' : ''}`
}

type Chooses = (entry: { readonly name: string; readonly originalSize: number }) => boolean

// fflate unpacks into as many bytes as the zip claims, never beyond, and checks no sum: both are looked at above.
function unzipped(zip: Uint8Array, filter: Chooses): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, { filter })
  } catch (error) {
    if (error instanceof AnchorFileError) throw error
    throw new AnchorFileError('the zip is damaged, or packed in an unusual way', DAMAGED)
  }
}

// What fflate does not tell of the entries of the directory (APPNOTE 4.3.12): it would unpack locked bytes to garbage.
function directoryOf(zip: Uint8Array): readonly { readonly locked: boolean; readonly sum: number }[] {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength)
  const found = []
  for (let at = bytes.indexOf(DIRECTORY_ENTRY); at !== -1; at = bytes.indexOf(DIRECTORY_ENTRY, at + 1))
    if (at + 46 <= bytes.length)
      found.push({ locked: (bytes.readUInt16LE(at + 8) & 1) === 1, sum: bytes.readUInt32LE(at + 16) })
  return found
}

const DIRECTORY_ENTRY = Buffer.from('PK\x01\x02', 'latin1')
