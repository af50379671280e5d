// Secrets that stand out: used wherever a test needs one, and looked for in everything the suite prints or logs.
// `.ci/run` searches the captured output and the files under HUBGATE_TEST_OUTPUT for CANARY_MARK; none may be found.
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

export const CANARY_MARK = 'zQ7canary'
export const CANARY_SECRET = 'zQ7canary-app-secret-4f1c9a'
export const CANARY_OLD_SECRET = 'zQ7canary-app-secret-old-b82d'
export const CANARY_VERIFY_TOKEN = 'zQ7canary-verify-token-91ae'
export const CANARY_ADMIN_TOKEN = 'zQ7canary-admin-token-c03b7d'

/** Keeps what a program under test printed, for the search at the end of a CI run; does nothing elsewhere. */
export function keepOutput(name: string, text: string): void {
  const directory = process.env['HUBGATE_TEST_OUTPUT']
  if (directory === undefined) return
  mkdirSync(directory, { recursive: true })
  appendFileSync(join(directory, `${name.replaceAll(/[^\w.-]/g, '_')}-${process.pid}.log`), text)
}
