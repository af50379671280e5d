// A head that was read once, and admitted: one that differs from it in nothing but its length and signatures needs no second
// reading. What the request gates said of the first holds for it: of the values that vary they judge the length alone.
import type { RequestFacts } from '../domain/facts.ts'
import { Fields } from '../domain/fields.ts'
import { type PostHead, type Slot, readPostHead } from '../domain/post-head.ts'
import type { Route } from '../domain/route.ts'
import { traceIdOf } from '../domain/trace.ts'
import { runGates } from '../gates/run.ts'
import { SentHead } from '../upstream/sent-head.ts'
import { type Vouched, sentTarget } from '../upstream/sent-fields.ts'
import type { Connection } from './connection.ts'
import { verified } from './forward.ts'
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

export class HeadShape {
  readonly generation: Generation
  readonly route: Route
  readonly facts: RequestFacts
  readonly trace: string | undefined
  /** Names of the enforced gates that admitted, those of the connection among them. */
  readonly passed: readonly string[]
  readonly keepAlive: boolean
  readonly #slots: readonly Slot['kind'][]
  /** What stands before, between and behind the values that vary; one character a byte. */
  readonly #literals: readonly string[]
  readonly #longest: number
  readonly #vouched: Omit<Vouched, 'app'>
  readonly #sent = new Map<string | undefined, SentHead>()

  private constructor(head: PostHead, admitted: Admitted, generation: Generation) {
    this.generation = generation
    this.route = admitted.route
    this.facts = admitted.facts
    this.passed = admitted.passed
    this.trace = traceIdOf(admitted.facts.fields)
    this.keepAlive = head.keepAlive
    this.#slots = head.slots.map(({ kind }) => kind)
    this.#literals = [...head.slots, undefined].map((slot, i) =>
      head.text.slice(head.slots[i - 1]?.to ?? 0, slot?.from),
    )
    this.#vouched = admitted.vouched
    this.#longest = head.text.length + LONGEST_LENGTH
  }

  /** @returns undefined where a head is not whole, or is for the general lane to answer. */
  static learn(bytes: Buffer, connection: Connection, generation: Generation): HeadShape | undefined {
    const head = readPostHead(bytes, generation.config.limits.head)
    const admitted = head === undefined ? undefined : admittedBy(generation, connection, head)
    if (head === undefined || admitted === undefined) return undefined
    return new HeadShape(head, admitted, generation)
  }

  /** The head that goes to the upstream. @param app whose secret signed. */
  sentFor(app: string | undefined): SentHead {
    const known = this.#sent.get(app)
    if (known !== undefined) return known
    const { route, facts } = this
    const made = new SentHead({
      method: facts.method,
      target: sentTarget(route, facts.query),
      route,
      received: facts.fields,
      vouched: { ...this.#vouched, app },
      varying: VARYING,
    })
    this.#sent.set(app, made)
    return made
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
    const length = Number(values.length)
    if (length > this.generation.config.limits.body) return undefined
    return { shape: this, size: at, length, values }
  }
}

/** Of what goes to the upstream: the received values that vary, and our own. */
const VARYING = ['content-length', 'x-hub-signature', 'x-hub-signature-256', 'x-request-id']

const LONGEST_LENGTH = 10
const DIGITS = /[1-9]\d{0,9}(?!\d)/y
const SHA1 = /[0-9a-f]{40}/y
const SHA256 = /[0-9a-f]{64}/y
const FORMS: Readonly<Record<Slot['kind'], RegExp>> = { length: DIGITS, sha1: SHA1, sha256: SHA256 }

function valueAt(text: string, at: number, kind: Slot['kind']): string | undefined {
  const form = FORMS[kind]
  form.lastIndex = at
  return form.test(text) ? text.slice(at, form.lastIndex) : undefined
}

interface Admitted {
  readonly route: Route
  readonly facts: RequestFacts
  readonly passed: readonly string[]
  readonly vouched: Omit<Vouched, 'app'>
}

/** The very gates of the general lane; what they refuse, and what is not for this lane, it answers. */
function admittedBy(
  generation: Generation,
  connection: Connection,
  { path, raw }: PostHead,
): Admitted | undefined {
  const route = generation.routes.get(path)
  if (route === undefined || !isPlain(route) || connection.client === undefined) return undefined
  const facts = {
    method: 'POST',
    version: '1.1',
    target: path,
    path,
    query: '',
    fields: new Fields(raw),
    route,
    address: connection.address,
    certificate: connection.client.facts,
  }
  const verdict = runGates(generation.policy.request, facts)
  if (verdict.outcome === 'refuse' || verdict.observations.length > 0) return undefined
  const passed = [...connection.passed, ...verdict.passed]
  return { route, facts, passed, vouched: vouchedFor(connection, generation, { passed, facts }) }
}

// What is said once the body's gates have admitted, too; the id of the request is written into each.
function vouchedFor(
  { clientAddress = '', client }: Connection,
  { policy }: Generation,
  { passed, facts }: Pick<Admitted, 'passed' | 'facts'>,
): Omit<Vouched, 'app'> {
  const enforced = policy.body.filter(({ observed }) => !observed).map(({ gate }) => gate.name)
  const proved = verified([...passed, ...enforced], facts.certificate)
  const leaf = proved.includes('certificate') ? client?.der : undefined
  return { requestId: '-', address: clientAddress, verified: proved, leaf }
}

function isPlain({ mode, answer, upstream }: Route): boolean {
  return mode === 'relay' && answer === 'status' && upstream.protocol === 'http:'
}
