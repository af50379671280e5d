// Several processes refresh one list at the same time and are killed in the middle: whoever reads it finds a whole one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readListStatus } from '../../src/tls/crl-status.ts'
import { listFileOf, refreshLists } from '../../src/tls/crl-store.ts'
import { readRevocationList } from '../../src/tls/crl.ts'
import { authority, certificateOf, listOf, manyEntries } from '../support/crl-lists.ts'
import { type ListServer, startListServer } from '../support/crl-server.ts'
import { Running } from '../support/programs.ts'

const PROGRAM = fileURLToPath(new URL('../support/crl-refresher.ts', import.meta.url))
const PROCESSES = 3
const ROUNDS = 3

const times = { thisUpdate: new Date(Date.now() - 60_000), nextUpdate: new Date(Date.now() + 86_400_000) }
const ca = authority({ notAfter: new Date(Date.now() + 86_400_000) })
const entries = manyEntries(5_000)

let directory: string
let server: ListServer
let number = 0
const started: Running[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubgate-crl-killed-'))
  // A new list for each that asks, so that each of them writes.
  server = await startListServer((response) => {
    number += 1
    response.end(listOf(ca, { ...times, number: number.toString(16), revoked: entries }))
  })
})
afterAll(async () => {
  // Where the test failed in the middle.
  for (const one of started) one.kill()
  await Promise.all(started.map(({ ended }) => ended))
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

describe('while processes refresh one list and are killed', () => {
  it('it is whole whenever it is read, and the next refresh goes through', { timeout: 120_000 }, async () => {
    const anchor = join(directory, 'authority.pem')
    await writeFile(anchor, ca.certificate)
    const lists = join(directory, 'crl')
    const file = listFileOf(lists, server.url)
    const authorities = [certificateOf(ca)]
    let whole = 0

    for (let round = 0; round < ROUNDS; round++) {
      const running = Array.from(
        { length: PROCESSES },
        () =>
          new Running(process.execPath, [
            '--import',
            import.meta.resolve('tsx'),
            PROGRAM,
            server.url,
            lists,
            anchor,
          ]),
      )
      started.push(...running)
      for (const [i, one] of running.entries()) {
        expect(await one.saysOrEnds(/^stored: 5000 revoked/m), one.said).toBe(true)
        for (let look = 0; look < 20; look++) {
          const list = await readRevocationList(await readFile(file), authorities, new Date())
          expect(list.size).toBe(5_000)
          whole += 1
        }
        // Somewhere in the middle of what it does just then.
        await setTimeout(i * 3 + round)
        one.kill()
        const { stderr } = await one.ended
        expect(stderr).toBe('')
        expect((await readRevocationList(await readFile(file), authorities, new Date())).size).toBe(5_000)
      }
    }
    expect(whole).toBe(20 * PROCESSES * ROUNDS)

    number += 1_000
    const [outcome] = await refreshLists({
      urls: [server.url],
      directory: lists,
      authorities,
      now: new Date(),
    })
    expect(outcome).toMatchObject({ outcome: 'stored' })
    expect(await readListStatus(lists)).toEqual([outcome])
  })
})
