// The guards that compare a new list with the present one, just inside and just outside of their limits.
import { describe, expect, it } from 'vitest'
import { type Case, failures } from './guard-case.ts'

const TWO = ['50.0.0.0/16', '2a00::/32'] as const

describe('compared with the present list, just inside of a limit nothing is refused', () => {
  it.each<[string, Case]>([
    [
      'exactly the loss that may be',
      {
        registered: ['50.0.0.0/25', '50.0.0.128/26', '50.0.0.192/28'],
        present: ['50.0.0.0/24'],
        limits: { shrink: 19 },
      },
    ],
    [
      'no loss where none may be',
      { registered: ['50.0.0.0/24', '50.0.1.0/24'], present: ['50.0.0.0/24'], limits: { shrink: 0 } },
    ],
    [
      'a family that was not there before',
      { registered: TWO, present: ['50.0.0.0/16'], limits: { shrink: 0, growth: 1 } },
    ],
    [
      'exactly the growth that may be',
      { registered: ['50.0.0.0/23'], present: ['50.0.0.0/24'], limits: { growth: 2 } },
    ],
    ['no growth where none may be', { registered: TWO, present: TWO, limits: { growth: 1, shrink: 0 } }],
    [
      'the same in other pieces',
      {
        registered: ['50.0.0.0/17', '50.0.128.0/17'],
        present: ['50.0.0.0/16'],
        limits: { growth: 1, shrink: 0 },
      },
    ],
    ['anything at the first time', { registered: TWO, limits: { shrink: 0, growth: 1 } }],
  ])('%s', (_name, one) => expect(failures(one)).toEqual([]))
})

describe('just outside of a limit one guard refuses, with the numbers', () => {
  it.each<[string, Case, string]>([
    [
      'one address more than may go',
      {
        registered: [
          '50.0.0.0/25',
          '50.0.0.128/26',
          '50.0.0.192/29',
          '50.0.0.200/30',
          '50.0.0.204/31',
          '50.0.0.206/32',
        ],
        present: ['50.0.0.0/24'],
        limits: { shrink: 19 },
      },
      'shrink: 19.1 % of the present IPv4 addresses would go (256 now, 207 then), at most 19 %',
    ],
    [
      'one address where none may go',
      {
        registered: ['50.0.0.0/17', '50.0.128.0/32'],
        present: ['50.0.0.0/17', '50.0.128.0/31'],
        limits: { shrink: 0 },
      },
      'shrink: 0.0 % of the present IPv4 addresses would go (32770 now, 32769 then), at most 0 %',
    ],
    [
      'others in place of the present ones',
      { registered: ['50.1.0.0/16'], present: ['50.0.0.0/16'], limits: { shrink: 99 } },
      'shrink: 100.0 % of the present IPv4 addresses would go (65536 now, 65536 then), at most 99 %',
    ],
    [
      'a third of them replaced, in the same number',
      {
        registered: ['50.0.0.0/24', '50.0.1.0/24', '50.9.0.0/24'],
        present: ['50.0.0.0/24', '50.0.1.0/24', '50.0.2.0/24'],
        limits: { shrink: 33 },
      },
      'shrink: 33.3 % of the present IPv4 addresses would go (768 now, 768 then), at most 33 %',
    ],
    [
      'a family lost',
      { registered: ['50.0.0.0/16'], present: TWO, limits: { shrink: 99 } },
      `shrink: 100.0 % of the present IPv6 addresses would go (${2n ** 96n} now, 0 then), at most 99 %`,
    ],
    [
      'one address more than the growth that may be',
      { registered: ['50.0.0.0/23', '50.0.2.0/32'], present: ['50.0.0.0/24'], limits: { growth: 2 } },
      'growth: 2.00 times the present IPv4 addresses (256 now, 513 then), at most 2',
    ],
    [
      'IPv6 that grows',
      { registered: ['2a00::/31', '2a02::/32'], present: ['2a00::/32'], limits: { growth: 2 } },
      `growth: 3.00 times the present IPv6 addresses (${2n ** 96n} now, ${3n * 2n ** 96n} then), at most 2`,
    ],
  ])('%s', (_name, one, failure) => expect(failures(one)).toEqual([failure]))
})
