// Refuses a signed delivery that is not application/json. `unsigned` routes take any media type.
import type { RequestFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i

export function mediaType(): Gate<
  Pick<RequestFacts, 'method' | 'route' | 'fields'>,
  'MEDIA_TYPE_UNSUPPORTED'
> {
  return {
    name: 'media-type',
    check: ({ method, route, fields }) => {
      if (method !== 'POST' || route?.mode === 'unsigned') return admit('not asked here')
      return JSON_TYPE.test(fields.only('content-type') ?? '')
        ? admit('application/json')
        : refuse('MEDIA_TYPE_UNSUPPORTED', 'Content-Type is not application/json')
    },
  }
}
