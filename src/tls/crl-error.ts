// Why a revocation list is not used, in words for an operator.

export class RevocationListError extends Error {
  override readonly name = 'RevocationListError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}
