// The declaration as JSON Schema, for editors: completion, help and squiggles while hubgate.yaml is written.
import { z } from 'zod'
import { kindOf } from './leaf.ts'
import { schema } from './schema.ts'

/** JSON Schema (draft 2020-12) of what may be written. Looser than `config check`, never stricter. */
export function configJsonSchema(): Record<string, unknown> {
  const generated = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const kind = kindOf(zodSchema)
      if (kind !== undefined) Object.assign(jsonSchema, kind.json)
    },
  })
  return { ...generated, title: 'hubgate.yaml' }
}
