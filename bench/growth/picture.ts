// The curves as one SVG: small multiples, sizes on a logarithmic axis, medians with their spread. Readable in light and dark, and as text.
import { type Curve, type Point, curveText } from './curve.ts'

const PANEL = { width: 250, height: 190, left: 46, right: 14, top: 40, bottom: 38 } as const
const COLUMNS = 3
const MARGIN = 12
const HEAD = 34

const STYLE = `
  :root { --paper: #fff; --ink: #1f2328; --faint: #d1d9e0; --soft: #59636e; --line: #0969da }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #0d1117; --ink: #f0f6fc; --faint: #3d444d; --soft: #9198a1; --line: #4493f8 }
  }
  text { font: 11px system-ui, sans-serif; fill: var(--soft) }
  .name { font-size: 13px; font-weight: 600; fill: var(--ink) }
  .paper { fill: var(--paper) }
  .grid { stroke: var(--faint); stroke-width: 1 }
  .spread { stroke: var(--line); stroke-width: 1; opacity: .6 }
  .median { stroke: var(--line); stroke-width: 2; fill: none }
  .point { fill: var(--line) }
`

const TITLE = 'CPU time of hubgate a request, by what grows'

export function pictureOf(curves: readonly Curve[]): string {
  const rows = Math.ceil(curves.length / COLUMNS)
  const width = 2 * MARGIN + COLUMNS * PANEL.width
  const height = HEAD + MARGIN + rows * PANEL.height
  const panels = curves.map((curve, index) => {
    const x = MARGIN + (index % COLUMNS) * PANEL.width
    const y = HEAD + Math.floor(index / COLUMNS) * PANEL.height
    return `<g transform="translate(${x} ${y})">\n${panelOf(curve)}\n</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(TITLE)}</title>
<desc id="description">${escaped(curves.map(described).join(' '))}</desc>
<style>${STYLE}</style>
<rect class="paper" width="${width}" height="${height}" rx="6"/>
<text class="name" x="${MARGIN}" y="22">${escaped(TITLE)} (µs; median, lowest to highest round)</text>
${panels.join('\n')}
</svg>
`
}

/** Where a curve's sizes and figures lie in its panel. */
interface Scales {
  readonly x: (size: number) => number
  readonly y: (figure: number) => number
  readonly top: number
}

function panelOf(curve: Curve): string {
  const scales = scalesOf(curve.points)
  const { x, y } = scales
  const line = curve.points.map(({ size, median }) => `${x(size)},${y(median)}`).join(' ')
  return [
    text(curve.title, { x: PANEL.left, y: 16, kind: 'name' }),
    text(`highest ÷ lowest ${curve.slope.toFixed(2)}: ${curve.isFlat ? 'flat' : 'not flat'}`, {
      x: PANEL.left,
      y: 31,
    }),
    ...axes(curve, scales),
    ...curve.points.map(
      ({ size, lowest, highest }) =>
        `<line class="spread" x1="${x(size)}" x2="${x(size)}" y1="${y(lowest)}" y2="${y(highest)}"/>`,
    ),
    `<polyline class="median" points="${line}"/>`,
    ...curve.points.map(
      ({ size, median }) =>
        `<circle class="point" cx="${x(size)}" cy="${y(median)}" r="3"><title>${escaped(`${grouped(size)}: ${grouped(median)} µs`)}</title></circle>`,
    ),
  ].join('\n')
}

function axes({ points, axis }: Curve, { x, y, top }: Scales): string[] {
  const right = PANEL.width - PANEL.right
  const figures = [0, top / 2, top].flatMap((figure) => [
    `<line class="grid" x1="${PANEL.left}" x2="${right}" y1="${y(figure)}" y2="${y(figure)}"/>`,
    text(grouped(figure), { x: PANEL.left - 6, y: y(figure) + 4, anchor: 'end' }),
  ])
  const sizes = points.map(({ size }) =>
    text(compact(size), { x: x(size), y: PANEL.height - PANEL.bottom + 15, anchor: 'middle' }),
  )
  const middle = (PANEL.left + right) / 2
  return [...figures, ...sizes, text(axis, { x: middle, y: PANEL.height - 8, anchor: 'middle' })]
}

/** Figures from 0, so that a flat curve looks flat; sizes by their logarithm. */
function scalesOf(points: readonly Point[]): Scales {
  const sizes = points.map(({ size }) => Math.log10(size))
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const top = roundTop(Math.max(...points.map(({ highest }) => highest)))
  const width = PANEL.width - PANEL.left - PANEL.right - 20
  const height = PANEL.height - PANEL.top - PANEL.bottom
  return {
    // A single size stands in the middle.
    x: (size) =>
      tenth(PANEL.left + 10 + width * (most > least ? (Math.log10(size) - least) / (most - least) : 0.5)),
    y: (figure) => tenth(PANEL.top + height * (1 - figure / top)),
    top,
  }
}

/** The next of 1, 2, 4, 6, 8 times a power of ten. */
function roundTop(figure: number): number {
  const power = 10 ** Math.floor(Math.log10(figure))
  return ([1, 2, 4, 6, 8].find((step) => step * power >= figure) ?? 10) * power
}

interface Place {
  readonly x: number
  readonly y: number
  readonly kind?: string
  readonly anchor?: 'middle' | 'end'
}

function text(content: string, { x, y, kind, anchor }: Place): string {
  const more = [
    kind === undefined ? '' : ` class="${kind}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
  ]
  return `<text x="${x}" y="${y}"${more.join('')}>${escaped(content)}</text>`
}

function described(curve: Curve): string {
  const points = curve.points.map(({ size, median }) => `${grouped(median)} µs at ${grouped(size)}`)
  return `${curveText(curve)}; ${points.join(', ')}.`
}

function compact(size: number): string {
  return size < 1_000 ? `${size}` : `${size / 1_000}k`
}

function grouped(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 })
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
