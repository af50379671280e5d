// What can go wrong with an upstream: something broke, so it is thrown; the code says which row of the refusal table.

export type UpstreamCode = 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_PROTOCOL' | 'UPSTREAM_TIMEOUT'

export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure'
  readonly code: UpstreamCode

  /** @param detail for the record; holds nothing of the request or the answer. */
  constructor(code: UpstreamCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** What came is no answer. */
export function broken(detail: string): UpstreamFailure {
  return new UpstreamFailure('UPSTREAM_PROTOCOL', detail)
}

/** Names a socket's or parser's error. @param begun whether bytes of an answer had come. */
export function failureOf(error: NodeJS.ErrnoException, begun: boolean): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error
  const reason = error.code ?? error.message
  // llhttp's codes: an answer came and was no HTTP.
  if (begun || reason.startsWith('HPE_'))
    return new UpstreamFailure('UPSTREAM_PROTOCOL', `the answer broke off: ${reason}`)
  return new UpstreamFailure('UPSTREAM_UNREACHABLE', reason)
}
