// Refuses a POST that does not announce its length, or announces more than the limit: before a byte of it is read.
import type { RequestFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import { announcedLength } from './framing.ts'
import type { Gate } from './gate.ts'

type Code = 'LENGTH_REQUIRED' | 'BODY_TOO_LARGE'

/** @param limit bytes (`limits.body`). */
export function length(limit: number): Gate<Pick<RequestFacts, 'method' | 'fields'>, Code> {
  return {
    name: 'length',
    check: ({ method, fields }) => {
      const announced = announcedLength(fields)
      if (announced === undefined)
        return method === 'POST'
          ? refuse('LENGTH_REQUIRED', 'a POST without Content-Length')
          : admit('no body')
      if (!(announced <= limit))
        return refuse('BODY_TOO_LARGE', `${announced} bytes announced, limit ${limit}`)
      return admit(`${announced} bytes`)
    },
  }
}
