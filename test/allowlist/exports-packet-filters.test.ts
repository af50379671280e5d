// The kernel's own sets, nftables' and ipset's, filled from the exported files in a network namespace of their own: they
// hold what the list holds. Where this machine lets nobody have one (many containers), exports.test.ts compares the texts.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Format, exportList } from '../../src/allowlist/exports.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { PATH } from '../support/programs.ts'
import { type Asked, LIST, askedAddresses } from './exports-addresses.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubgate-export-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const ASKED = askedAddresses(1_000)

/** Runs a shell script in a network namespace that ends with it. `$1` and so on are its arguments. */
function inNamespace(script: string, args: readonly string[] = [], input = '') {
  return spawnSync('unshare', ['-Urn', 'sh', '-ec', script, 'sh', ...args], {
    input,
    env: { ...process.env, PATH },
    encoding: 'latin1',
    timeout: 30_000,
  })
}

function file(name: string, format: Format, prefixes = LIST): string {
  const path = join(directory, name)
  writeFileSync(path, exportList(prefixes, format))
  return path
}

/** Describes where the kernel lets us have such sets; else says that it does not. */
function describeWith(program: 'nft' | 'ipset', trial: string, tests: () => void): void {
  if (inNamespace(trial).status === 0) describe(program, tests)
  else console.warn(`${program} cannot be used here: its sets are compared as text alone`)
}

const admitted = (asked: readonly Asked[]) =>
  asked.filter((one) => one.admitted).map(({ address }) => address)
const refused = (asked: readonly Asked[]) =>
  asked.filter((one) => !one.admitted).map(({ address }) => address)

describeWith(
  'nft',
  'nft add table inet t && nft add set inet t s "{ type ipv4_addr; flags interval; }"',
  () => {
    it('decides a thousand addresses as we do', () => {
      const questions = ASKED.map(
        ({ address, family }) => `get element inet hubgate meta${family} { ${address} }\n`,
      )
      const list = file('list.nft', 'nft')
      const { stdout, stderr } = inNamespace('nft -f "$1"; nft -i', [list], questions.join(''))
      // What is found is shown with the prefix it is in; what is not is repeated below an error.
      expect(stdout.match(/elements = \{ [^}]+ \}/g)).toHaveLength(admitted(ASKED).length)
      const missed = [...stderr.matchAll(/^get element inet hubgate meta[46] \{ (\S+) \}$/gm)]
      expect(missed.map(([, address]) => address)).toEqual(refused(ASKED))
    })

    it('loads it again, and what is no longer in the list is gone', () => {
      const fewer = file('fewer.nft', 'nft', [parsePrefix('31.13.64.0/18')])
      const { stdout, status } = inNamespace('nft -f "$1"; nft -f "$1"; nft -f "$2"; nft list ruleset', [
        file('list.nft', 'nft'),
        fewer,
      ])
      expect(status).toBe(0)
      expect(stdout.match(/elements = \{[^}]*\}/g)).toEqual(['elements = { 31.13.64.0/18 }'])
    })

    it('a rule can ask both sets', () => {
      const rules = `add chain inet hubgate input { type filter hook input priority 0; }
add rule inet hubgate input tcp dport 443 ip saddr != @meta4 drop
add rule inet hubgate input tcp dport 443 ip6 saddr != @meta6 drop
`
      const { stderr, status } = inNamespace('nft -f "$1"; nft -f -', [file('list.nft', 'nft')], rules)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    })
  },
)

describeWith('ipset', 'ipset create t hash:net', () => {
  it('decides a thousand addresses as we do', () => {
    const questions = ASKED.map(({ address, family }) => `test hubgate-meta${family} ${address}\n`)
    const { stderr } = inNamespace(
      'ipset restore -f "$1"; ipset -',
      [file('list.ipset', 'ipset')],
      questions.join(''),
    )
    const found = [...stderr.matchAll(/^Warning: (\S+) is in set hubgate-meta[46]\.$/gm)]
    expect(found.map(([, address]) => address)).toEqual(admitted(ASKED))
  })

  it('loads it again, and what is no longer in the list is gone', () => {
    const fewer = file('fewer.ipset', 'ipset', [parsePrefix('31.13.64.0/18')])
    const { stdout, status } = inNamespace(
      'ipset restore -f "$1"; ipset restore -f "$1"; ipset restore -f "$2"; ipset save',
      [file('list.ipset', 'ipset'), fewer],
    )
    expect(status).toBe(0)
    expect(stdout.match(/^(?:add \S+ \S+|create \S+)/gm)).toEqual([
      'create hubgate-meta4',
      'add hubgate-meta4 31.13.64.0/18',
      'create hubgate-meta6',
    ])
  })
})
