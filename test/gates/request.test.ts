// The gates of a request head but framing: how large, which route, which method, which expectation, how long, which type.
import { describe, expect, it } from 'vitest'
import { expectation } from '../../src/gates/expectation.ts'
import { MAX_FIELDS, headSize } from '../../src/gates/head-size.ts'
import { length } from '../../src/gates/length.ts'
import { mediaType } from '../../src/gates/media-type.ts'
import { method } from '../../src/gates/method.ts'
import { route as routeGate } from '../../src/gates/route.ts'
import { getFacts, outcome, requestFacts, route } from './facts.ts'

describe('head-size gate', () => {
  const withFields = (count: number) =>
    requestFacts({ raw: Array.from({ length: count }, (_, i) => [`X-${i}`, 'v']).flat() })

  it.each([
    [0, 'admit'],
    [MAX_FIELDS, 'admit'],
    [MAX_FIELDS + 1, 'HEAD_TOO_LARGE'],
    [5_000, 'HEAD_TOO_LARGE'],
  ])('%d fields', (count, expected) => expect(outcome(headSize().check(withFields(count)))).toBe(expected))
})

describe('route gate', () => {
  it('admits the path of a route, and refuses every other', () => {
    expect(outcome(routeGate().check(requestFacts()))).toBe('admit')
    expect(outcome(routeGate().check(requestFacts({ route: undefined })))).toBe('ROUTE_UNKNOWN')
  })
})

describe('method gate', () => {
  it.each([
    ['POST', 'admit'],
    ['GET', 'admit'],
    ['HEAD', 'METHOD_NOT_ALLOWED'],
    ['OPTIONS', 'METHOD_NOT_ALLOWED'],
    ['TRACE', 'METHOD_NOT_ALLOWED'],
    ['CONNECT', 'METHOD_NOT_ALLOWED'],
    ['PUT', 'METHOD_NOT_ALLOWED'],
    ['DELETE', 'METHOD_NOT_ALLOWED'],
    ['PATCH', 'METHOD_NOT_ALLOWED'],
    ['PRI', 'METHOD_NOT_ALLOWED'],
    ['post', 'METHOD_NOT_ALLOWED'],
    ['Get', 'METHOD_NOT_ALLOWED'],
    ['', 'METHOD_NOT_ALLOWED'],
  ])('%j', (name, expected) => expect(outcome(method().check(requestFacts({ method: name })))).toBe(expected))

  it.each([
    ['no verify token', route({ tokens: [] }), 'METHOD_NOT_ALLOWED'],
    ['no token, challenge forwarded', route({ tokens: [], challenge: 'forward' }), 'admit'],
    ['unsigned', route({ tokens: [], mode: 'unsigned' }), 'admit'],
    ['no route', undefined, 'METHOD_NOT_ALLOWED'],
  ])('GET on a route with %s', (_name, route, expected) =>
    expect(outcome(method().check({ method: 'GET', route }))).toBe(expected),
  )
})

describe('expectation gate', () => {
  it.each([
    [[], 'admit'],
    ['100-continue', 'admit'],
    ['100-Continue', 'admit'],
    ['', 'EXPECTATION_UNSUPPORTED'],
    ['200-ok', 'EXPECTATION_UNSUPPORTED'],
    ['100-continue, x', 'EXPECTATION_UNSUPPORTED'],
    ['100-continue;q=1', 'EXPECTATION_UNSUPPORTED'],
    [['100-continue', '100-continue'], 'EXPECTATION_UNSUPPORTED'],
  ])('Expect: %j', (Expect, expected) =>
    expect(outcome(expectation().check(requestFacts({ fields: { Expect } })))).toBe(expected),
  )
})

describe('length gate', () => {
  const gate = length(1_000)

  it.each([
    ['0', 'admit'],
    ['1000', 'admit'],
    ['1001', 'BODY_TOO_LARGE'],
    ['10000000000', 'BODY_TOO_LARGE'],
    ['9007199254740991', 'BODY_TOO_LARGE'],
    // Framing refuses these first; alone this gate must not admit them either.
    ['x', 'BODY_TOO_LARGE'],
    [[], 'LENGTH_REQUIRED'],
    [['5', '5'], 'LENGTH_REQUIRED'],
  ])('Content-Length: %j', (value, expected) =>
    expect(outcome(gate.check(requestFacts({ fields: { 'Content-Length': value } })))).toBe(expected),
  )

  it('a chunked POST announces no length', () => {
    const chunked = requestFacts({ fields: { 'Content-Length': [], 'Transfer-Encoding': 'chunked' } })
    expect(outcome(gate.check(chunked))).toBe('LENGTH_REQUIRED')
  })

  it('a GET needs none', () => expect(outcome(gate.check(getFacts()))).toBe('admit'))

  it('a limit that is no number admits nothing', () =>
    expect(outcome(length(Number.NaN).check(requestFacts()))).toBe('BODY_TOO_LARGE'))
})

describe('media-type gate', () => {
  it.each([
    ['application/json', 'admit'],
    ['Application/JSON', 'admit'],
    ['application/json; charset=utf-8', 'admit'],
    ['application/json;charset=UTF-8', 'admit'],
    ['application/json; charset="utf-8"', 'admit'],
    ['application/json; charset=utf-16', 'MEDIA_TYPE_UNSUPPORTED'],
    ['application/json; charset=utf-8; x=y', 'MEDIA_TYPE_UNSUPPORTED'],
    ['application/json, text/plain', 'MEDIA_TYPE_UNSUPPORTED'],
    ['application/jsonp', 'MEDIA_TYPE_UNSUPPORTED'],
    ['application/ld+json', 'MEDIA_TYPE_UNSUPPORTED'],
    ['text/plain', 'MEDIA_TYPE_UNSUPPORTED'],
    ['application/x-www-form-urlencoded', 'MEDIA_TYPE_UNSUPPORTED'],
    ['multipart/form-data; boundary=application/json', 'MEDIA_TYPE_UNSUPPORTED'],
    ['', 'MEDIA_TYPE_UNSUPPORTED'],
    [[], 'MEDIA_TYPE_UNSUPPORTED'],
    [['application/json', 'application/json'], 'MEDIA_TYPE_UNSUPPORTED'],
  ])('Content-Type: %j', (type, expected) =>
    expect(outcome(mediaType().check(requestFacts({ fields: { 'Content-Type': type } })))).toBe(expected),
  )

  it('is not asked of a GET, nor on an unsigned route', () => {
    expect(outcome(mediaType().check(getFacts()))).toBe('admit')
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const unsigned = requestFacts({ route: route({ mode: 'unsigned' }), fields: form })
    expect(outcome(mediaType().check(unsigned))).toBe('admit')
  })
})
