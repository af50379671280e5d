// How each upstream did last: for /readyz to show. It decides nothing; a failing upstream never makes the gateway unready.

export interface UpstreamState {
  readonly upstream: string
  readonly ok: boolean
  /** The answer's status, or the code of the failure. */
  readonly last: string
  readonly at: Date
}

export class UpstreamHealth {
  readonly #last = new Map<string, { ok: boolean; last: string; at: number }>()

  /** @param upstream the label of a configured upstream. */
  note(upstream: string, ok: boolean, last: string): void {
    this.#last.set(upstream, { ok, last, at: Date.now() })
  }

  /** The state of each of the given upstreams that was asked at least once. */
  of(upstreams: readonly string[]): readonly UpstreamState[] {
    return [...new Set(upstreams)].flatMap((upstream) => {
      const state = this.#last.get(upstream)
      return state === undefined ? [] : [{ upstream, ok: state.ok, last: state.last, at: new Date(state.at) }]
    })
  }
}
