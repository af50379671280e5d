// A process that refreshes one list again and again and says how it went, a line each, until it is killed.
// Its arguments: the address, the directory of the lists, and a file with the authority.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { refreshLists } from '../../src/tls/crl-store.ts'

const [url = '', directory = '', authority = ''] = process.argv.slice(2)
const authorities = [new X509Certificate(await readFile(authority))]

for (;;) {
  const [outcome] = await refreshLists({ urls: [url], directory, authorities, now: new Date() })
  process.stdout.write(`${outcome?.outcome ?? 'none'}: ${outcome?.message ?? ''}\n`)
}
