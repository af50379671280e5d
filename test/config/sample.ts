// A small valid configuration and ways to try variants of it: no test repeats what it is not about.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LoadedConfig, loadConfig, parseConfig } from '../../src/config/load.ts'
import { ConfigError, type Problem } from '../../src/config/problem.ts'

export const SECRET = '0123456789abcdef0123456789abcdef'
export const BASE = '/etc/hubgate'

/** Valid; give sections to replace. */
export function sample(sections: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    tls: { certificate: 'tls/fullchain.pem', key: 'tls/privkey.pem' },
    client: { anchors: [{ builtin: 'digicert-ev' }] },
    apps: { shop: { secrets: [SECRET], verifyTokens: ['token'] } },
    routes: [sampleRoute()],
    ...sections,
  }
}

export function sampleRoute(keys: Record<string, unknown> = {}): Record<string, unknown> {
  return { path: '/webhooks/meta', apps: ['shop'], upstream: 'http://127.0.0.1:3000/webhooks', ...keys }
}

export function parsed(raw: unknown, env: Record<string, string> = {}): LoadedConfig {
  return parseConfig(raw, { env, baseDir: BASE })
}

/** What is wrong with an object; empty where nothing is. */
export function problemsOf(raw: unknown, env: Record<string, string> = {}): readonly Problem[] {
  return problemsFrom(() => parsed(raw, env))
}

export function problemsFrom(load: () => unknown): readonly Problem[] {
  try {
    load()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** "setting: message" of each, for short expectations. */
export function said(problems: readonly Problem[]): string[] {
  return problems.map(({ setting, message }) => `${setting}: ${message}`)
}

/** Writes files into a new directory. @returns how to name one of them. */
export function directoryOf(files: Record<string, string | Uint8Array>): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-config-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  return (name) => join(directory, name)
}

export function loaded(text: string | Uint8Array, env: Record<string, string> = {}): LoadedConfig {
  return loadConfig({ file: directoryOf({ 'hubgate.yaml': text })('hubgate.yaml'), env })
}

export const SAMPLE_YAML = `tls: { certificate: tls/fullchain.pem, key: tls/privkey.pem }
client:
  anchors:
    - builtin: digicert-ev
apps:
  shop: { secrets: ["\${APP_SECRET}"], verifyTokens: ["\${VERIFY_TOKEN}"] }
routes:
  - { path: /webhooks/meta, apps: [shop], upstream: "http://127.0.0.1:3000/webhooks" }
`
export const SAMPLE_ENV = { APP_SECRET: SECRET, VERIFY_TOKEN: 'token' }
