// Refuses an Expect field other than 100-continue (RFC 9110 §10.1.1), which is answered once the request gates admitted.
import type { RequestFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export function expectation(): Gate<Pick<RequestFacts, 'fields'>, 'EXPECTATION_UNSUPPORTED'> {
  return {
    name: 'expectation',
    check: ({ fields }) => {
      if (!fields.has('expect')) return admit('none')
      return fields.only('expect')?.toLowerCase() === '100-continue'
        ? admit('100-continue')
        : refuse('EXPECTATION_UNSUPPORTED', 'Expect is not 100-continue')
    },
  }
}
