// A directory with a configuration and CA certificates in it, where `hubgate anchor …` is run; for tests of those commands.
import { mkdirSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { afterEach, vi } from 'vitest'
import { registerAnchorAdd } from '../../src/cli/anchor-add.ts'
import { registerAnchorInspect } from '../../src/cli/anchor-inspect.ts'
import { registerAnchorList } from '../../src/cli/anchor-list.ts'
import { registerAnchorPromote } from '../../src/cli/anchor-promote.ts'
import { registerAnchorRetire } from '../../src/cli/anchor-retire.ts'
import { report } from '../../src/cli/io.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import { keepOutput } from '../canary.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { Place, type Ran } from './allowlist-place.ts'

export const ROOT_A = authority('Lab Root A')
export const ROOT_B = authority('Lab Root B')

export function authority(commonName: string) {
  return issue({ key: 'p-256', subject: [{ type: 'CN', value: commonName }], authority: { pathLength: 1 } })
}

const places: Place[] = []
const gateways: Server[] = []

afterEach(async () => {
  for (const place of places.splice(0)) place.remove()
  await Promise.all(gateways.splice(0).map((gateway) => new Promise((closed) => gateway.close(closed))))
})

/**
 * With a.pem and b.pem, and hubgate.yaml. App secrets are nowhere to be found, as in an operator's own shell.
 * @param anchors items of client.anchors. @param admin its address; default: where nobody answers.
 */
export function placeWith(anchors: readonly string[], admin = 'unix:nobody.sock'): Place {
  const place = new Place()
  places.push(place)
  mkdirSync(place.path('anchors'))
  place.write('a.pem', ROOT_A.certificate)
  place.write('b.pem', ROOT_B.certificate)
  place.write('hubgate.yaml', configWith(anchors, admin))
  return place
}

export function configWith(anchors: readonly string[], admin = 'unix:nobody.sock'): string {
  const items = anchors.map((item) => `    - ${item}\n`).join('')
  return `# ours\nadmin: { address: "${admin}" }\nclient:   # who\n  anchors:\n${items}\napps: { shop: { secrets: ["\${HUBGATE_TEST_UNSET}"] } }\n`
}

/** The command as a program of its own. */
export function program(place: Place, ...args: readonly string[]): Promise<Ran> {
  return place.run([...HUBGATE, 'anchor', ...args])
}

/** The same in this process, for tables: a program takes a second to start. Files are those of the place. */
export async function anchor(place: Place, ...args: readonly string[]): Promise<Ran> {
  const [verb = '', ...rest] = args
  const takesFile = verb === 'add' || verb === 'inspect'
  const own = rest.map((one, i) => (takesFile && i === 0 ? resolve(place.directory, one) : one))
  const configuration = verb === 'inspect' ? [] : ['-c', place.path('hubgate.yaml')]
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    const error = await commands()
      .parseAsync([verb, ...own, ...configuration], { from: 'user' })
      .then(() => undefined, report)
    const code = Math.max(error ?? 0, Number(process.exitCode ?? 0))
    return { code, out: textOf(out.mock.calls), err: textOf(err.mock.calls) }
  } finally {
    process.exitCode = undefined
    out.mockRestore()
    err.mockRestore()
  }
}

function commands(): Command {
  const parent = new Command('anchor').exitOverride()
  for (const register of [
    registerAnchorAdd,
    registerAnchorInspect,
    registerAnchorList,
    registerAnchorPromote,
    registerAnchorRetire,
  ])
    register(parent)
  return parent
}

function textOf(calls: readonly (readonly unknown[])[]): string {
  const text = calls.map(([chunk]) => String(chunk)).join('')
  keepOutput('cli-anchor', text)
  return text
}

/** An admin listener that tells this of its anchors. @returns its address. */
export async function gatewayTelling(rows: unknown, status = 200): Promise<string> {
  const gateway = createServer((request, response) => {
    const isMeant = request.method === 'GET' && request.url === '/api/anchors'
    response.writeHead(isMeant ? status : 500, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(rows))
  })
  gateways.push(gateway)
  await new Promise<void>((listening) => {
    gateway.listen(0, '127.0.0.1', listening)
  })
  return `127.0.0.1:${portOf(gateway.address())}`
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
