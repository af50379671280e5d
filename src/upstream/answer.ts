// What counts as an upstream's answer, and how much of one is read: complete, final, within bounds, and not too early.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { UpstreamFailure } from './failure.ts'

export interface UpstreamAnswer {
  readonly status: number
  /** Name, value, …: what its content is; empty unless that was asked for. */
  readonly contentFields: readonly string[]
  /** Empty unless it was asked for. */
  readonly body: Uint8Array
}

/** Bytes of an answer's content that are read; more is UPSTREAM_PROTOCOL. */
export const MAX_ANSWER = 1024 * 1024
export const MAX_ANSWER_HEAD = 32 * 1024
/** RFC 9110 §15.2 sets no bound to interim answers, so we do. */
export const MAX_INTERIM = 8

/** @returns the milliseconds for which a Keep-Alive field says that the upstream keeps an idle connection. */
export function patienceOf(keepAlive: string): number | undefined {
  const seconds = /^timeout=(\d+)/.exec(keepAlive)?.[1]
  // What is written just as the upstream closes is lost, so it is not waited for to the last.
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1_000 - 1_000)
}

/**
 * Reads the answer to a verified delivery to its end.
 * @param sent whether the delivery went out before the answer came.
 * @throws UpstreamFailure where it is no verdict on the delivery, breaks off or is larger than MAX_ANSWER.
 */
export async function readVerdict(
  answer: IncomingMessage,
  { sent, keepBody }: { readonly sent: boolean; readonly keepBody: boolean },
): Promise<UpstreamAnswer> {
  const problem = verdictProblem(answer.statusCode ?? 0, sent)
  if (problem !== undefined) throw new UpstreamFailure('UPSTREAM_PROTOCOL', problem)
  return readAnswer(answer, keepBody)
}

/** @returns why a status is no verdict on a delivery. @param sent whether the delivery went out before the answer came. */
export function verdictProblem(statusCode: number, sent: boolean): string | undefined {
  if (statusCode > 599) return `status ${statusCode}`
  if (statusCode >= 300 && statusCode < 400) return `a redirect (${statusCode}), which is not followed`
  // A success that comes before the delivery went out is of something else.
  if (statusCode < 300 && !sent) return `status ${statusCode} before the delivery was sent`
  return undefined
}

function readAnswer(answer: IncomingMessage, keepBody: boolean): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const fail = (detail: string) => {
      reject(new UpstreamFailure('UPSTREAM_PROTOCOL', detail))
      answer.destroy()
    }
    answer.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      if (size > MAX_ANSWER) fail(`an answer of more than ${MAX_ANSWER} bytes`)
      else if (keepBody) chunks.push(chunk)
    })
    answer.once('error', () => fail('the answer broke off'))
    answer.once('close', () => {
      if (!answer.complete) return fail('the answer broke off')
      resolve({
        status: answer.statusCode ?? 0,
        contentFields: contentFields(answer.headers),
        body: Buffer.concat(chunks),
      })
    })
  })
}

// Without its coding, content that the upstream compressed would be noise.
function contentFields(headers: IncomingHttpHeaders): string[] {
  const { 'content-type': type, 'content-encoding': coding } = headers
  return [
    ...(type === undefined ? [] : ['Content-Type', type]),
    ...(coding === undefined ? [] : ['Content-Encoding', coding]),
  ]
}
