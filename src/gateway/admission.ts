// That a connection may send heads of one shape: the request gates, asked once for both. Of the values that vary they judge the
// announced length alone, and that is looked at in every head.
import { runGates } from '../gates/run.ts'
import { type Vouched, clientCertOf } from '../upstream/sent-fields.ts'
import type { SentHead } from '../upstream/sent-head.ts'
import type { Connection } from './connection.ts'
import { verified } from './forward.ts'
import type { Generation } from './generation.ts'
import type { HeadShape, KnownHead } from './head-shape.ts'

export class Admission {
  readonly generation: Generation
  readonly shape: HeadShape
  /** Names of the enforced gates that admitted, those of the connection among them. */
  readonly passed: readonly string[]
  readonly #vouched: Omit<Vouched, 'app'>
  readonly #clientCert: string
  #sent: { readonly app: string | undefined; readonly head: SentHead } | undefined

  private constructor(generation: Generation, shape: HeadShape, told: Pick<Admission, 'passed'> & Told) {
    this.generation = generation
    this.shape = shape
    this.passed = told.passed
    this.#vouched = told.vouched
    const { leaf } = told.vouched
    this.#clientCert = leaf !== undefined && shape.facts.route.clientCert ? clientCertOf(leaf) : ''
  }

  /** @returns undefined where a gate refuses, or only observes a refusal: the general lane says so. */
  static of(connection: Connection, generation: Generation, shape: HeadShape): Admission | undefined {
    const { client, address, clientAddress = '' } = connection
    if (client === undefined) return undefined
    const verdict = runGates(generation.policy.request, {
      ...shape.facts,
      address,
      certificate: client.facts,
    })
    if (verdict.outcome === 'refuse' || verdict.observations.length > 0) return undefined
    const passed = [...connection.passed, ...verdict.passed]
    // What is said once the body's gates have admitted, too.
    const ofBody = generation.policy.body.filter(({ observed }) => !observed).map(({ gate }) => gate.name)
    const proved = verified([...passed, ...ofBody], client.facts)
    const leaf = proved.includes('certificate') ? client.der : undefined
    const vouched = { requestId: '', address: clientAddress, verified: proved, leaf }
    return new Admission(generation, shape, { passed, vouched })
  }

  /** @returns what goes to the upstream before the body. @param id its X-Request-Id. @param app whose secret signed. */
  requestHead(
    { values }: KnownHead,
    { id, app }: { readonly id: string; readonly app: string | undefined },
  ): string {
    if (this.#sent === undefined || this.#sent.app !== app)
      this.#sent = { app, head: this.shape.sentWith({ ...this.#vouched, app }) }
    const { head } = this.#sent
    return head.text(
      head.slots.map((name) => {
        switch (name) {
          case 'content-length':
            return values.length
          case 'x-hub-signature':
            return `sha1=${values.sha1}`
          case 'x-hub-signature-256':
            return `sha256=${values.sha256}`
          case 'x-forwarded-for':
            return this.#vouched.address
          case 'client-cert':
            return this.#clientCert
          default:
            return id
        }
      }),
    )
  }
}

interface Told {
  readonly vouched: Omit<Vouched, 'app'>
}

/** Of one connection: whoever varies its heads takes no more memory than for these. */
const MOST = 32

/** What the gates said of the heads that one connection sent. */
export class Admissions {
  readonly #connection: Connection
  /** Each shape is of one generation. */
  readonly #known = new Map<HeadShape, Admission>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get size(): number {
    return this.#known.size
  }

  /** @returns undefined as Admission.of does. */
  of(generation: Generation, shape: HeadShape): Admission | undefined {
    const known = this.#known.get(shape)
    if (known !== undefined) return known
    const made = Admission.of(this.#connection, generation, shape)
    if (made === undefined) return undefined
    if (this.#known.size === MOST) this.#known.clear()
    this.#known.set(shape, made)
    return made
  }
}
