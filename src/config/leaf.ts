// A leaf of the declaration: one value with its own reading, described once for messages, docs and editors.
// Knows how leaves are made, not which there are: see kinds.ts and kinds-network.ts.
import { z } from 'zod'

/** What docs, editors and `config show` need to know of a kind of value. */
export interface LeafKind {
  /** For the reference: what a value looks like. */
  readonly looks: string
  /** JSON Schema of what may be written. */
  readonly json: Readonly<Record<string, unknown>>
  /** Never to be shown, not even in a message about itself. */
  readonly secret?: boolean
}

/** A value that is not what its setting takes. The message says what is wrong without repeating the value. */
export class Malformed extends Error {
  readonly hint: string | undefined
  /** Which element, where the value is a list. */
  readonly index: number | undefined

  constructor(message: string, hint?: string, index?: number) {
    super(message)
    this.name = 'Malformed'
    this.hint = hint
    this.index = index
  }
}

const kinds = z.registry<LeafKind>()

/** A setting whose value `parse` reads. @param parse throws Malformed; gets undefined where the setting is missing. */
export function leaf<Input, Output>(kind: LeafKind, parse: (raw: unknown) => Output) {
  const input = z.custom<Input>()
  kinds.add(input, kind)
  return input.transform((raw, context): Output => {
    try {
      return parse(raw)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      const { message, hint, index } = error
      context.addIssue({
        code: 'custom',
        message,
        params: { hint },
        path: index === undefined ? [] : [index],
        input: undefined,
      })
      return z.NEVER
    }
  })
}

/** The kind of a leaf of the declaration; undefined for anything else. */
export function kindOf(schema: z.core.$ZodType): LeafKind | undefined {
  return kinds.get(schema)
}
