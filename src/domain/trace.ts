// W3C Trace Context: the trace id of a traceparent field, for joining records with the consumer's. It proves nothing.
import type { Fields } from './fields.ts'

// Version ff is invalid; a later version may go on after the flags. All-zero ids mean that there is none.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
const VERSION_0_LENGTH = 55

/** @returns 32 hex digits, or undefined where there is not exactly one valid traceparent. */
export function traceIdOf(fields: Fields): string | undefined {
  const field = fields.only('traceparent')
  if (field === undefined || (field.startsWith('00') && field.length !== VERSION_0_LENGTH)) return undefined
  return TRACEPARENT.exec(field)?.[1]
}
