// Which word was meant.
import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, nearest } from '../../src/config/suggest.ts'

describe('suggestions', () => {
  it.each([
    ['upstrm', 'upstream'],
    ['body_timeout', 'bodyTimeout'],
    ['BODY', 'body'],
    ['haed', 'head'],
  ])('%s is told from %s', (word, meant) => {
    expect(nearest(word, ['head', 'body', 'bodyTimeout', 'upstream'])).toBe(meant)
  })
  it.each(['', 'x', 'something else', 'b'.repeat(1e6)])('nothing is near %j', (word) =>
    expect(nearest(word, ['head', 'body'])).toBeUndefined(),
  )
  it('say nothing where nothing is near', () => expect(didYouMean('zzz', ['head'])).toBeUndefined())
  it.each([
    ['', '', 0],
    ['a', '', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['abc', 'abc', 0],
  ])('%j to %j takes %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})
