// Reads what a configuration names, one failure a problem, so that all of them can be told at once. Tells no secret.
import { AllowListError } from '../allowlist/read-list.ts'
import type { Problem } from '../config/problem.ts'
import { AnchorFileError } from '../tls/anchors.ts'
import { RevocationListError } from '../tls/crl.ts'

export interface Where {
  readonly setting: string
  readonly where: string
  readonly hint: string
}

const WITH_HINTS = [AllowListError, AnchorFileError, RevocationListError]

function hintOf(error: unknown): string | undefined {
  return error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
}

/** @returns what `work` gives, or undefined after adding its failure to `problems`. */
export async function attempt<T>(
  work: () => T | Promise<T>,
  problems: Problem[],
  { setting, where, hint }: Where,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const own = WITH_HINTS.some((kind) => error instanceof kind) ? hintOf(error) : undefined
    problems.push({ setting, message: `${where}${reasonOf(error)}`, hint: own ?? hint })
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) }
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a directory'
  return message
}
