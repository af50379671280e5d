// Refuses a head with too many fields. Its bytes are counted by the HTTP parser, under `limits.head`.
import type { RequestFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

/** Node's own maxHeadersCount cuts the list silently, so it is off and we count. */
export const MAX_FIELDS = 100

export function headSize(): Gate<Pick<RequestFacts, 'fields'>, 'HEAD_TOO_LARGE'> {
  return {
    name: 'head-size',
    check: ({ fields }) =>
      fields.count > MAX_FIELDS
        ? refuse('HEAD_TOO_LARGE', `${fields.count} fields, more than ${MAX_FIELDS}`)
        : admit(`${fields.count} fields`),
  }
}
