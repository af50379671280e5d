// What the benchmarks make of figures: curves and their picture, and results under several versions of Node in one document.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { MARKS, writeGrowth, writeResults } from '../bench/document.ts'
import { type Curve, curveOf, curveText } from '../bench/growth/curve.ts'
import { sizesOf } from '../bench/growth/growth.ts'
import { pictureOf } from '../bench/growth/picture.ts'
import { SPECS } from '../bench/growth/specs.ts'
import { optionsOf } from '../bench/options.ts'
import type { Report, Result } from '../bench/report.ts'

const ABOUT = { name: 'routes', title: 'Routes', axis: 'routes' } as const
const curve = (...medians: number[]): Curve =>
  curveOf(
    ABOUT,
    medians.map((median, index) => ({ size: 10 ** index, figures: [median, median * 0.9, median * 1.1] })),
  )

describe('a curve', () => {
  it.each([
    ['that stays is flat', [20, 21, 20.5], '1.05, flat'],
    ['that rises is not', [20, 40, 60], '3.00, not flat'],
    ['with a bump in its middle is not', [20, 40, 20], '2.00, not flat'],
    ['that just keeps the limit is flat', [20, 25], '1.25, flat'],
    ['that just misses it is not', [20, 25.2], '1.26, not flat'],
  ])('%s', (_name, medians, told) => {
    expect(curveText(curve(...medians))).toBe(`Routes: highest median ÷ lowest ${told}`)
    expect(curve(...medians).isFlat).toBe(!told.includes('not'))
  })

  it('has the median of each size and how far apart the rounds were', () => {
    expect(curve(20).points).toEqual([{ size: 1, median: 20, lowest: 18, highest: 22 }])
  })

  it('leaves sizes out that the machine does not grant, and says what it takes', () => {
    const spec = SPECS.find(({ name }) => name === 'connections') ?? { axis: '', sizes: [] }
    expect(sizesOf(spec, { quick: false, descriptors: 20_000 })).toEqual({ sizes: spec.sizes, tooLarge: [] })
    const { sizes, tooLarge } = sizesOf(spec, { quick: false, descriptors: 4_096 })
    expect(sizes).toEqual([1, 10, 100, 1_000])
    expect(tooLarge).toEqual([
      expect.stringMatching(/^10,000 open connections are left out.*ulimit -n 10300/),
    ])
  })
})

describe('the picture', () => {
  const curves = [
    curve(20, 21, 20, 22),
    { ...curve(1_000, 3_000), title: 'A < B & "C"' },
    curve(0.4),
    curve(500, 700, 600),
  ]
  const svg = pictureOf(curves)

  it('is well-formed, and all of it stands in the file', () => {
    expect(openTags(svg)).toEqual([])
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/url\(|https?:|@font-face|@import|href/)
  })

  it('tells in words what it shows, for those who do not see it', () => {
    expect(svg).toMatch(/role="img" aria-labelledby="title description"/)
    expect(svg).toMatch(/<title id="title">CPU time of hubgate/)
    expect(svg).toMatch(
      /<desc id="description">Routes: highest median ÷ lowest 1\.10, flat; 20 µs at 1, 21 µs at 10/,
    )
    expect(svg).toContain('A &lt; B &amp; "C"')
    expect(svg).toMatch(/prefers-color-scheme: dark/)
  })

  it('puts sizes by their logarithm, figures from zero, and every point into its panel', () => {
    const panels = svg.split('<g ').slice(1).map(circlesOf)
    expect(panels.map((points) => points.length)).toEqual([4, 2, 1, 3])
    const [first = [], second = [], , last = []] = panels
    const steps = first.slice(1).map(({ x }, index) => x - (first[index]?.x ?? NaN))
    for (const step of steps) expect(step).toBeCloseTo(steps[0] ?? NaN, 0)
    // Three times as much is three times as high above the axis.
    const zero = zeroOf(svg.split('<g ')[2] ?? '')
    const [low, high] = second.map(({ y }) => zero - y)
    expect((high ?? NaN) / (low ?? NaN)).toBeCloseTo(3, 1)
    expect((last[1]?.y ?? NaN) < (last[2]?.y ?? NaN)).toBe(true)
    for (const { x, y } of panels.flat()) {
      expect(x > 46 && x < 236).toBe(true)
      expect(y >= 40 && y <= 152).toBe(true)
    }
  })
})

function circlesOf(panel: string): { x: number; y: number }[] {
  return [...panel.matchAll(/<circle [^>]*cx="([^"]*)" cy="([^"]*)"/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }))
}

/** The lowest line of the grid. */
function zeroOf(panel: string): number {
  return Math.max(...[...panel.matchAll(/class="grid"[^>]* y1="([^"]*)"/g)].map(([, y]) => Number(y)))
}

/** Tags that are not closed in their order; and what is no tag, no text and no known entity. */
function openTags(xml: string): string[] {
  const open: string[] = []
  const tag = /<(?<end>\/?)(?<name>[a-z]+)(?: [a-zA-Z0-9-]+="[^"<]*")*(?<empty>\/?)>/g
  for (const { groups: { end, name = '', empty } = {} } of xml.matchAll(tag)) {
    if (end === '') open.push(name)
    const closes = end !== '' || empty !== ''
    if (closes && open.pop() !== name) open.push(`</${name}>`)
  }
  const rest = xml.replaceAll(tag, '')
  if (/<|&(?!(?:amp|lt|gt);)/.test(rest)) open.push(rest)
  return open
}

describe('the document', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-bench-growth-'))
  const file = join(directory, 'performance.md')
  const url = pathToFileURL(file)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  beforeEach(() => {
    rmSync(join(directory, 'performance.json'), { force: true })
    writeFileSync(
      file,
      `# By hand\n\n${Object.values(MARKS)
        .map((marks) => marks.join('\nold\n'))
        .join('\n\n')}\n`,
    )
  })
  const text = () => readFileSync(file, 'utf8')

  const report = (node: string, value: number, more: Partial<Result> = {}): Report => ({
    machine: {
      date: '2026-01-01',
      cpu: 'CPU',
      cores: 2,
      node,
      openssl: '3',
      system: 'linux x64',
      loadBefore: 0,
    },
    quick: false,
    results: [
      {
        name: '1k5',
        title: 'One delivery',
        missed: [],
        conditions: ['two cores'],
        checked: ['all of it'],
        rows: [
          { case: '1.5 KB', contestant: 'floor', unit: 'µs', median: 18, ratio: SAME, more: {} },
          {
            case: '1.5 KB',
            contestant: 'hubgate',
            unit: 'µs',
            median: 18 * value,
            ratio: { ...SAME, median: value },
            more: {},
          },
        ],
        goals: [{ goal: 'hubgate ≤ 1.25 × floor', value, state: value <= 1.25 ? 'met' : 'missed' }],
        ...more,
      },
    ],
  })

  it('keeps a column for each Node, the tables of the one that the goals are for, and of the others the medians', async () => {
    await writeResults(report('24.1.0', 1.2), url)
    await writeResults(report('20.19.0', 1.5), url)
    expect(text()).toContain('| scene | goal | Node 20 | Node 24 |')
    expect(text()).toContain('| 1k5 | hubgate ≤ 1.25 × floor | 1.50, missed | 1.20, met |')
    expect(text()).toContain('| 1k5 | 1.5 KB | hubgate | 27 µs | 1.50 |')
    expect(text()).not.toContain('Medians under Node 24')
    expect(text()).toContain('| 1.5 KB | hubgate | 21.6 µs | 1.20 |')
    expect(text()).not.toContain('| 1.5 KB | hubgate | 27 µs | 1.50 | 1')
    expect(text()).toMatch(/^# By hand\n/)
  })

  it('a later run under the same major version takes the place of the earlier one', async () => {
    await writeResults(report('24.1.0', 1.2), url)
    await writeResults(report('24.9.0', 1.1), url)
    expect(text()).toContain('| 1k5 | hubgate ≤ 1.25 × floor | 1.10, met |')
    expect(text()).not.toMatch(/24\.1\.0|1\.20/)
  })

  it('a goal that a run did not know has no figure there', async () => {
    await writeResults(report('24.1.0', 1.2), url)
    await writeResults(
      report('20.19.0', 0, { goals: [{ goal: 'new', value: undefined, state: 'not measured' }] }),
      url,
    )
    expect(text()).toContain('| 1k5 | hubgate ≤ 1.25 × floor |  | 1.20, met |')
    expect(text()).toContain('| 1k5 | new | not measured |  |')
  })

  it('what grows stands there with its picture, and the rest stays', async () => {
    const curves = [curve(20, 60)]
    await writeGrowth(report('24.1.0', 1, { curves }), url)
    expect(text()).toMatch(/!\[[^\]]+\]\(growth\.svg\)/)
    expect(text()).toContain('- Routes: highest median ÷ lowest 3.00, not flat')
    expect(readFileSync(join(directory, 'growth.svg'), 'utf8')).toBe(pictureOf(curves))
    expect(text()).toContain(MARKS.goals.join('\nold\n'))
  })

  it('what takes long by itself runs only where it is named', () => {
    const one = (name: string) => ({ name, title: name, run: () => Promise.reject(new Error()) })
    const known = [one('1k5'), { ...one('growth'), apart: true }]
    expect(optionsOf([], known).benchmarks.map(({ name }) => name)).toEqual(['1k5'])
    expect(optionsOf(['growth', '--write'], known)).toMatchObject({
      benchmarks: [{ name: 'growth' }],
      write: true,
    })
  })
})

const SAME = { median: 1, lowest: 1, highest: 1 } as const
