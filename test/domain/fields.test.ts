// Header fields as they came, the methods of a route, and the trace id that a traceparent holds.
import { describe, expect, it } from 'vitest'
import { Fields, TOKEN, pairs } from '../../src/domain/fields.ts'
import { methodsOf } from '../../src/domain/route.ts'
import { traceIdOf } from '../../src/domain/trace.ts'
import { route } from '../gates/facts.ts'

describe('Fields', () => {
  const fields = new Fields([
    'Host',
    'a',
    'X-One',
    '1',
    'x-ONE',
    '2',
    '__proto__',
    'p',
    'constructor',
    'c',
    'List',
    'A, b,,',
    'LIST',
    ' C ',
  ])

  it('keeps order, spelling and repetition', () => {
    expect([...pairs(fields.raw)].slice(1, 3)).toEqual([
      ['X-One', '1'],
      ['x-ONE', '2'],
    ])
    expect(fields.count).toBe(7)
  })

  it('looks up without regard to case', () => {
    expect(fields.all('x-one')).toEqual(['1', '2'])
    expect(fields.all('absent')).toEqual([])
    expect(fields.has('x-one')).toBe(true)
  })

  it('`only` is there for a field that stands once', () => {
    expect(fields.only('host')).toBe('a')
    expect(fields.only('x-one')).toBeUndefined()
    expect(fields.only('absent')).toBeUndefined()
  })

  it('`repeats` where a name stands more than once, in any case', () => {
    expect(['x-one', 'list', 'host', 'absent'].map((name) => fields.repeats(name))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('words of JavaScript are fields like any other', () => {
    expect(fields.only('__proto__')).toBe('p')
    expect(fields.only('constructor')).toBe('c')
    expect(new Fields([]).has('constructor')).toBe(false)
    expect(new Fields([]).only('__proto__')).toBeUndefined()
  })

  it('splits lists over all fields of the name', () => expect(fields.list('list')).toEqual(['a', 'b', 'c']))
})

describe('TOKEN', () => {
  it.each(['X-Hub-Signature-256', '__proto__', "!#$%&'*+-.^_`|~"])('%s is one', (name) =>
    expect(TOKEN.test(name)).toBe(true),
  )
  it.each(['', ' ', 'a b', 'a:b', 'a\n', 'é', 'a\0', '(x)'])('%j is none', (name) =>
    expect(TOKEN.test(name)).toBe(false),
  )
})

describe('methodsOf', () => {
  it.each([
    ['with a token', route(), ['GET', 'POST']],
    ['without', route({ tokens: [] }), ['POST']],
    ['without, forwarded', route({ tokens: [], challenge: 'forward' }), ['GET', 'POST']],
    ['unsigned', route({ tokens: [], mode: 'unsigned' }), ['GET', 'POST']],
  ])('a route %s', (_name, route, expected) => expect(methodsOf(route)).toEqual(expected))
})

describe('traceIdOf', () => {
  const ID = '0af7651916cd43dd8448eb211c80319c'
  const of = (...values: string[]) => traceIdOf(new Fields(values.flatMap((value) => ['Traceparent', value])))

  it.each([
    ['valid', `00-${ID}-b7ad6b7169203331-01`, ID],
    ['of a later version that goes on', `01-${ID}-b7ad6b7169203331-01-more`, ID],
    ['version 00 that goes on', `00-${ID}-b7ad6b7169203331-01-more`, undefined],
    ['version ff', `ff-${ID}-b7ad6b7169203331-01`, undefined],
    ['all zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    ['without a parent', `00-${ID}-${'0'.repeat(16)}-01`, undefined],
    ['upper case', `00-${ID.toUpperCase()}-b7ad6b7169203331-01`, undefined],
    ['cut off', `00-${ID}`, undefined],
    ['empty', '', undefined],
  ])('%s', (_name, field, expected) => expect(of(field)).toBe(expected))

  it('is undefined where there is none, or two', () => {
    expect(of()).toBeUndefined()
    const good = `00-${ID}-b7ad6b7169203331-01`
    expect(of(good, good)).toBeUndefined()
  })
})
