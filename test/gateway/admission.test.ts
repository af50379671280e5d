// What the gates said of a connection's heads: kept by head, for as many as a connection may have.
import { expect, it } from 'vitest'
import { Admissions } from '../../src/gateway/admission.ts'
import type { Connection } from '../../src/gateway/connection.ts'
import type { Generation } from '../../src/gateway/generation.ts'
import type { HeadShape } from '../../src/gateway/head-shape.ts'
import { routeTo } from '../support/route.ts'

const route = routeTo('http://127.0.0.1:3000/hooks')
const shapes = Array.from({ length: 100 }, () => ({ facts: { route } }) as unknown as HeadShape)
const connection = { client: { facts: {} }, passed: [] } as unknown as Connection
const generation = { policy: { request: [], body: [] } } as unknown as Generation

it('each head has its own, made once while few are sent in turn', () => {
  const admissions = new Admissions(connection)
  const few = shapes.slice(0, 32)
  const made = few.map((shape) => admissions.of(generation, shape))
  expect(made.map((one) => one?.shape)).toEqual(few)
  expect(few.map((shape) => admissions.of(generation, shape)).every((one, i) => one === made[i])).toBe(true)
})

it('many heads take no more memory than those, and have the right one all the same', () => {
  const admissions = new Admissions(connection)
  for (const shape of [...shapes, ...shapes]) {
    expect(admissions.of(generation, shape)?.shape).toBe(shape)
    expect(admissions.size).toBeLessThanOrEqual(32)
  }
})

it('what a gate refuses is asked again each time', () => {
  let asked = 0
  const check = () => {
    asked += 1
    return { outcome: 'refuse', code: 'METHOD_NOT_ALLOWED', detail: '' }
  }
  const refusing = { policy: { request: [{ gate: { name: 'g', check }, observed: false }], body: [] } }
  const admissions = new Admissions(connection)
  for (const shape of [shapes[0], shapes[0]])
    expect(admissions.of(refusing as unknown as Generation, shape as HeadShape)).toBeUndefined()
  expect([asked, admissions.size]).toEqual([2, 0])
})
