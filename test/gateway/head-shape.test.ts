// Heads that are known again by their bytes: each path has its own, however many there are, and a bounded number of spellings.
import { expect, it } from 'vitest'
import { knownHead } from '../../src/gateway/head-shape.ts'
import { routeTo } from '../support/route.ts'

const SHA256 = 'a'.repeat(64)

const paths = Array.from({ length: 300 }, (_, i) => `/hooks/${i}`)
const generation = () => ({
  routes: new Map(paths.map((path) => [path, routeTo('http://127.0.0.1:3000/hooks', { path })])),
  config: { limits: { head: 16_384 } },
})

function head(path: string, { agent = 'a', length = 2 } = {}): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nUser-Agent: ${agent}\r\nContent-Length: ${length}\r\nX-Hub-Signature-256: sha256=${SHA256}\r\n\r\n{}`,
  )
}

it('every path keeps the shape that it was first sent in, however many paths there are', () => {
  const ground = generation()
  const first = paths.map((path) => knownHead(head(path), ground)?.shape)
  expect(new Set(first).size).toBe(paths.length)
  const again = paths.map((path) => knownHead(head(path, { length: 17 }), ground)?.shape)
  for (const [i, shape] of again.entries()) expect(shape).toBe(first[i])
})

it('a shape is of its own path, and of its own generation', () => {
  const ground = generation()
  const shape = knownHead(head('/hooks/1'), ground)?.shape
  expect(shape?.facts.route).toBe(ground.routes.get('/hooks/1'))
  expect(shape?.match(head('/hooks/10'))).toBeUndefined()
  expect(knownHead(head('/hooks/1'), generation())?.shape).not.toBe(shape)
})

it.each(['/hooks', '/hooks/300', '/hooks/1?a=b', '', '*', '/hooks/1 '])(
  'what is no path of a route is left alone: "%s"',
  (path) => {
    expect(knownHead(head(path), generation())).toBeUndefined()
  },
)

it.each(['', 'POST', 'POST ', 'POST /hooks/1', 'POST /hooks/1 HTTP/1.1\r\nHost: h\r\n'])(
  'so is what has not wholly come: "%s"',
  (text) => {
    const ground = generation()
    knownHead(head('/hooks/1'), ground)
    expect(knownHead(Buffer.from(text), ground)).toBeUndefined()
  },
)

it('spellings of one path beyond a few are forgotten, the oldest first', () => {
  const ground = generation()
  const shapeOf = (agent: string) => knownHead(head('/hooks/1', { agent }), ground)?.shape
  const [first, second] = [shapeOf('0'), shapeOf('1'), shapeOf('2'), shapeOf('3')]
  expect(shapeOf('1')).toBe(second)
  expect(shapeOf('0')).toBe(first)
  shapeOf('4')
  expect(shapeOf('1')).toBe(second)
  expect(shapeOf('0')).not.toBe(first)
})
