// The fuzzing of the lanes finds what it is there for: faults planted in what the fast lane reads.
import { afterEach, expect, it, vi } from 'vitest'
import type { PostHead } from '../../src/domain/post-head.ts'
import { HeadShape } from '../../src/gateway/head-shape.ts'
import { campaign } from '../fuzz/campaign.ts'

type Read = (bytes: Buffer, limit: number) => PostHead | undefined

let faulty: (read: Read) => Read = (read) => read

vi.mock('../../src/domain/post-head.ts', async (original) => {
  const actual = await original<{ readPostHead: Read }>()
  return {
    ...actual,
    readPostHead: (bytes: Buffer, limit: number) => faulty(actual.readPostHead)(bytes, limit),
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  faulty = (read) => read
})

/** The reader sees other bytes, of the same length, and passes on what stands there really. */
function blindTo(pattern: RegExp, instead: (found: string) => string): (read: Read) => Read {
  return (read) => (bytes, limit) => {
    const text = bytes.toString('latin1')
    const seen = text.replace(pattern, instead)
    if (seen.length !== text.length) throw new Error('a blind reader has to keep the length')
    const head = read(Buffer.from(seen, 'latin1'), limit)
    return head === undefined ? undefined : { ...head, text: text.slice(0, head.text.length) }
  }
}

const FAULTS: readonly (readonly [string, (read: Read) => Read])[] = [
  [
    'takes a head with a second Host for one with another field',
    blindTo(/(?<=\r\nhost: [^]*?\r\n)host(?=:)/i, () => 'Most'),
  ],
  ['takes a method in lower case', blindTo(/^post/, (found) => found.toUpperCase())],
  ['takes bytes beyond ASCII in a value', blindTo(/[\x80-\xff]/g, () => 'x')],
  [
    'takes Transfer-Encoding for a field like any other',
    blindTo(/transfer-encoding(?=:)/i, () => 'Transfer-Encodink'),
  ],
  [
    'does not see that the client wants to close',
    (read) => (bytes, limit) => {
      const head = read(bytes, limit)
      return head === undefined ? undefined : { ...head, keepAlive: true }
    },
  ],
]

it.each(FAULTS)(
  'a reader that %s',
  async (_name, fault) => {
    faulty = fault
    const { disagreement } = await campaign({ streams: 12_000, seed: 1 })
    expect(disagreement?.difference).toMatch(/\S/)
  },
  120_000,
)

it('a known shape whose request line is not looked at', async () => {
  const match: unknown = Reflect.get(HeadShape.prototype, 'match')
  if (typeof match !== 'function') throw new Error('shapes match no more')
  vi.spyOn(HeadShape.prototype, 'match').mockImplementation(function (this: HeadShape, bytes) {
    const seen = Buffer.from(bytes)
    seen.write(`POST ${this.facts.path} HTTP/1.1\r\n`, 'latin1')
    return Reflect.apply(match, this, [seen])
  })
  const { disagreement } = await campaign({ streams: 12_000, seed: 1 })
  expect(disagreement?.difference).toMatch(/\S/)
}, 120_000)
