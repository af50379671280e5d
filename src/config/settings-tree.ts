// Walks the declaration: what stands below a setting, and which settings there are. Reads no values.
import { z } from 'zod'
import { type LeafKind, kindOf } from './leaf.ts'
import { settingBelow } from './setting-path.ts'

/** One place of the declaration, seen through its default, optionality and reading. */
export type Shape =
  | { readonly kind: 'section'; readonly keys: ReadonlyMap<string, z.core.$ZodType> }
  | { readonly kind: 'list' | 'names'; readonly element: z.core.$ZodType }
  | { readonly kind: 'leaf'; readonly leaf: LeafKind }

export function shapeOf(schema: z.core.$ZodType): Shape {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return shapeOf(schema.def.innerType)
  if (schema instanceof z.ZodPipe) return shapeOf(schema.def.in)
  if (schema instanceof z.ZodObject)
    return { kind: 'section', keys: new Map(Object.entries(schema.def.shape)) }
  if (schema instanceof z.ZodArray) return { kind: 'list', element: schema.def.element }
  if (schema instanceof z.ZodRecord) return { kind: 'names', element: schema.def.valueType }
  const leaf = kindOf(schema)
  if (leaf === undefined) throw new TypeError('the declaration holds something that nothing here can walk')
  return { kind: 'leaf', leaf }
}

export interface Setting {
  /** client.anchors[].file; apps.NAME.secrets */
  readonly name: string
  readonly schema: z.core.$ZodType
  readonly shape: Shape
}

/** Every setting below a schema, sections before what they hold. */
export function* settingsOf(schema: z.core.$ZodType, name = ''): Generator<Setting> {
  const shape = shapeOf(schema)
  if (name !== '') yield { name, schema, shape }
  if (shape.kind === 'section')
    for (const [key, below] of shape.keys) yield* settingsOf(below, settingBelow(name, key))
  else if (shape.kind === 'names') yield* settingsOf(shape.element, `${name}.NAME`)
  else if (shape.kind === 'list' && shapeOf(shape.element).kind !== 'leaf')
    yield* settingsOf(shape.element, `${name}[]`)
}

/** The default as it would be written; undefined where there is none. */
export function writtenDefault(schema: z.core.$ZodType): unknown {
  return schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined
}

/** The help text; empty where there is none. */
export function descriptionOf(schema: z.core.$ZodType): string {
  return 'description' in schema && typeof schema.description === 'string' ? schema.description : ''
}
