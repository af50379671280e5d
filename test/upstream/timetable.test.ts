// Moments at which something ends, with one timer for all of them.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Ending, Timetable } from '../../src/upstream/timetable.ts'

let passed: string[]
beforeEach(() => {
  passed = []
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => void vi.useRealTimers())

class Item implements Ending {
  readonly name: string
  endsAt: number

  constructor(name: string, after: number) {
    this.name = name
    this.endsAt = performance.now() + after
  }

  late(): void {
    passed.push(this.name)
    this.endsAt = Infinity
  }
}

it('tells of each moment once it has passed, and keeps no timer for what is gone', () => {
  const timetable = new Timetable<Item>()
  const [later, soon, gone] = [new Item('later', 500), new Item('soon', 100), new Item('gone', 50)]
  for (const item of [later, soon, gone]) timetable.add(item)
  timetable.delete(gone)
  vi.advanceTimersByTime(99)
  expect(passed).toEqual([])
  vi.advanceTimersByTime(11)
  expect(passed).toEqual(['soon'])
  later.endsAt = performance.now() + 1_000
  vi.advanceTimersByTime(900)
  expect(passed).toEqual(['soon'])
  vi.advanceTimersByTime(200)
  expect(passed).toEqual(['soon', 'later'])
  expect(vi.getTimerCount()).toBe(0)
})

it('hears of a moment that comes earlier, of one after none was left, and of one that is set as another passes', () => {
  const timetable = new Timetable<Item>()
  const [one, two] = [new Item('one', 10_000), new Item('two', Infinity)]
  timetable.add(one)
  timetable.add(two)
  one.endsAt = performance.now() + 50
  timetable.expect(one.endsAt)
  const late = one.late.bind(one)
  one.late = () => {
    late()
    two.endsAt = performance.now() + 30
    timetable.expect(two.endsAt)
  }
  vi.advanceTimersByTime(60)
  expect(passed).toEqual(['one'])
  vi.advanceTimersByTime(40)
  expect(passed).toEqual(['one', 'two'])
  expect(vi.getTimerCount()).toBe(0)
  two.endsAt = performance.now() + 30
  timetable.expect(two.endsAt)
  vi.advanceTimersByTime(40)
  expect(passed).toEqual(['one', 'two', 'two'])
})

it('tells of nothing after it was stopped', () => {
  const timetable = new Timetable<Item>()
  timetable.add(new Item('one', 50))
  timetable.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(100)
  expect(passed).toEqual([])
})
