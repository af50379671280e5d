// Our histogram says what prom-client's says, in text and as objects, whatever was observed.
import * as fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { Buckets } from '../../src/observe/buckets.ts'

const BOUNDS = [0.001, 0.25, 1, 5]
const WHAT = { name: 'some_seconds', help: 'What is observed.' }

async function both(values: readonly (number | undefined)[]) {
  const registries = { ours: new Registry(), theirs: new Registry() }
  const ours = new Buckets({ ...WHAT, bounds: BOUNDS, registers: [registries.ours] })
  const theirs = new Histogram({ ...WHAT, buckets: BOUNDS, registers: [registries.theirs] })
  for (const value of values) {
    ours.count(value)
    if (value !== undefined && Number.isFinite(value)) theirs.observe(Math.max(0, value))
  }
  const told = async (registry: Registry) => {
    const [{ name, help, type, aggregator, values } = { values: [] }] = await registry.getMetricsAsJSON()
    const plainly = values.map(({ labels, value }) => ({ labels, value }))
    return { text: await registry.metrics(), as: { name, help, type, aggregator, values: plainly } }
  }
  return { ours: await told(registries.ours), theirs: await told(registries.theirs) }
}

it.each([
  { what: 'nothing', values: [] },
  { what: 'bounds themselves', values: BOUNDS },
  { what: 'what is above all bounds', values: [5.1, 1e9] },
  { what: 'what is below zero', values: [-1, -0] },
  { what: 'what is no finite number', values: [Number.NaN, Infinity, -Infinity, undefined] },
])('takes $what as prom-client does', async ({ values }) => {
  const { ours, theirs } = await both(values)
  expect(ours.text).toBe(theirs.text)
})

it('takes any values as prom-client does', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: -1, max: 10 }), { minLength: 1 }), async (values) => {
      const { ours, theirs } = await both(values)
      expect(ours).toEqual(theirs)
    }),
    { numRuns: 300 },
  ))
