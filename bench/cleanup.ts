// Everything a run leaves behind unless somebody takes it away: processes and directories, in reverse order, once.

export class Cleanup {
  readonly #works: (() => Promise<void>)[] = []

  add(work: () => Promise<void>): void {
    this.#works.push(work)
  }

  /** Goes on where one of them fails. */
  async run(): Promise<void> {
    for (let work = this.#works.pop(); work !== undefined; work = this.#works.pop()) {
      try {
        await work()
      } catch (error) {
        process.stderr.write(`hubgate: could not clean up: ${String(error)}\n`)
      }
    }
  }
}
