// A client that keeps its connection, as Meta's does: delivery after delivery on one socket, and it knows when that ended.
import type { Socket } from 'node:net'
import type { Dial } from '../../src/lab/dial.ts'
import { type Answer, AnswerReader } from '../../src/lab/answer.ts'
import { type Reachable, delivery, open } from './sender.ts'

export class KeptClient {
  readonly socket: Socket
  /** Resolves when the connection is closed, with what was answered in all. */
  readonly closed: Promise<readonly Answer[]>
  readonly answers: Answer[] = []
  readonly #reader = new AnswerReader()
  #isOpen = true
  #look: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk)
      for (let answer = this.#reader.take(); answer !== undefined; answer = this.#reader.take())
        this.answers.push(answer)
      this.#look()
    })
    // Whatever side ends first: nothing more can be asked.
    socket.once('end', () => this.#ended())
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#ended()
        resolve(this.answers)
      })
    })
  }

  /** Whether another request may be sent: not after an answer that said close, even where the end is still on its way. */
  get isOpen(): boolean {
    return this.#isOpen && this.answers.at(-1)?.fields.list('connection').includes('close') !== true
  }

  /** Sends one request, and waits for its answer. @returns undefined where the connection ended without one. */
  async deliver(bytes: Uint8Array = delivery()): Promise<Answer | undefined> {
    const before = this.answers.length
    this.socket.write(bytes)
    while (this.#isOpen && this.answers.length === before)
      await new Promise<void>((resolve) => {
        this.#look = resolve
      })
    return this.answers[before]
  }

  end(): void {
    this.socket.destroy()
  }

  #ended(): void {
    this.#isOpen = false
    this.#look()
  }
}

/** One that has delivered once already, so that the gateway has admitted it. @throws where that was not acknowledged. */
export async function keptClient(world: Reachable, change: Partial<Dial> = {}): Promise<KeptClient> {
  const client = new KeptClient(await open(world, change))
  const answer = await client.deliver()
  if (answer?.status !== 200) throw new Error(`not admitted: ${answer?.status ?? 'closed'}`)
  return client
}
