// A head that was read once: one that differs from it in nothing but its length and signatures needs no second reading. The
// shapes that a generation met are kept with it; whether a connection may send one is its admission's matter (admission.ts).
import type { RequestFacts } from '../domain/facts.ts'
import { Fields } from '../domain/fields.ts'
import { type PostHead, type Slot, readPostHead } from '../domain/post-head.ts'
import type { Route } from '../domain/route.ts'
import { traceIdOf } from '../domain/trace.ts'
import { SentHead } from '../upstream/sent-head.ts'
import { type Vouched, sentTarget } from '../upstream/sent-fields.ts'
import type { Generation } from './generation.ts'

/** One head of a known shape. */
export interface KnownHead {
  readonly shape: HeadShape
  /** Bytes of the head. */
  readonly size: number
  /** Bytes of the body that it announces. */
  readonly length: number
  /** Its values that vary; empty where it has none of that kind. */
  readonly values: Readonly<Record<Slot['kind'], string>>
}

/** What a head says by itself. The values that vary are those of the first of its shape: no gate judges them by these alone. */
export type HeadFacts = Omit<RequestFacts, 'address' | 'certificate'> & { readonly route: Route }

export class HeadShape {
  readonly facts: HeadFacts
  readonly trace: string | undefined
  readonly keepAlive: boolean
  readonly #slots: readonly Slot['kind'][]
  /** What stands before, between and behind the values that vary; one character a byte. */
  readonly #literals: readonly string[]
  readonly #longest: number
  readonly #sent = new Map<string, SentHead>()

  constructor({ path, raw, text, slots, keepAlive }: PostHead, route: Route) {
    const fields = new Fields(raw)
    this.facts = { method: 'POST', version: '1.1', target: path, path, query: '', fields, route }
    this.trace = traceIdOf(fields)
    this.keepAlive = keepAlive
    this.#slots = slots.map(({ kind }) => kind)
    this.#literals = [...slots, undefined].map((slot, i) => text.slice(slots[i - 1]?.to ?? 0, slot?.from))
    this.#longest = text.length + LONGEST_LENGTH
  }

  /** @returns undefined where the bytes do not begin with a whole head of this shape. */
  match(bytes: Buffer): KnownHead | undefined {
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, this.#longest))
    const values = { length: '', sha1: '', sha256: '' }
    let at = 0
    for (let i = 0; i < this.#literals.length; i += 1) {
      const literal = this.#literals[i] ?? ''
      if (text.slice(at, at + literal.length) !== literal) return undefined
      at += literal.length
      const kind = this.#slots[i]
      if (kind === undefined) break
      const value = valueAt(text, at, kind)
      if (value === undefined) return undefined
      values[kind] = value
      at += value.length
    }
    return { shape: this, size: at, length: Number(values.length), values }
  }

  /** The head that goes to the upstream, but for the values named in SENT_VARYING. @param vouched is not looked at for those. */
  sentWith(vouched: Vouched): SentHead {
    const { app, verified, leaf } = vouched
    const key = JSON.stringify([app, verified, leaf !== undefined])
    const known = this.#sent.get(key)
    if (known !== undefined) return known
    const { method, route, fields, query } = this.facts
    const target = sentTarget(route, query)
    const made = new SentHead({ method, target, route, received: fields, vouched, varying: SENT_VARYING })
    this.#sent.set(key, made)
    return made
  }
}

/** Of what goes to the upstream: the received values that vary, and what is a request's or a connection's own. */
const SENT_VARYING = [
  'content-length',
  'x-hub-signature',
  'x-hub-signature-256',
  'x-request-id',
  'x-forwarded-for',
  'client-cert',
] as const

const LONGEST_LENGTH = 10
const FORMS: Readonly<Record<Slot['kind'], RegExp>> = {
  length: /[1-9]\d{0,9}(?!\d)/y,
  sha1: /[0-9a-f]{40}/y,
  sha256: /[0-9a-f]{64}/y,
}

function valueAt(text: string, at: number, kind: Slot['kind']): string | undefined {
  const form = FORMS[kind]
  form.lastIndex = at
  return form.test(text) ? text.slice(at, form.lastIndex) : undefined
}

/** Of one path. Whoever varies its heads gains nothing by it, and takes no more memory than these. */
const MOST_SHAPES = 4

/** By their paths, which are those of routes: a list of all would be gone through for every delivery to one of many. */
type Shapes = Map<string, readonly HeadShape[]>

/** What a generation has to say about heads. */
type Ground = Pick<Generation, 'routes'> & { readonly config: { readonly limits: { readonly head: number } } }

const shapesOf = new WeakMap<Ground, Shapes>()

/** Finds the shape of a head, or learns it. @returns undefined where it is not whole, or is for the general lane to answer. */
export function knownHead(bytes: Buffer, generation: Ground): KnownHead | undefined {
  const shapes = shapesIn(generation)
  for (const shape of shapes.get(pathIn(bytes)) ?? []) {
    const known = shape.match(bytes)
    if (known !== undefined) return known
  }
  const head = readPostHead(bytes, generation.config.limits.head)
  const route = head === undefined ? undefined : generation.routes.get(head.path)
  if (head === undefined || route === undefined || !isPlain(route)) return undefined
  const learnt = new HeadShape(head, route)
  shapes.set(head.path, [learnt, ...(shapes.get(head.path) ?? [])].slice(0, MOST_SHAPES))
  return learnt.match(bytes)
}

function shapesIn(generation: Ground): Shapes {
  const known = shapesOf.get(generation)
  if (known !== undefined) return known
  const none: Shapes = new Map()
  shapesOf.set(generation, none)
  return none
}

// Where a path would stand, whatever stands there: only a shape that matches says what these bytes are.
function pathIn(bytes: Buffer): string {
  const from = 'POST '.length
  return bytes.toString('latin1', from, Math.max(from, bytes.indexOf(' ', from)))
}

function isPlain({ mode, answer, upstream }: Route): boolean {
  return mode === 'relay' && answer === 'status' && upstream.protocol === 'http:'
}
