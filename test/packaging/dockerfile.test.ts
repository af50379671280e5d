// What may and what must stand in the Dockerfile: each rule with its reason. That it builds is proved beside this, in image.test.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, assignments, contextEntries, execForm, readDockerfile } from './dockerfile.ts'

const { args, stages } = readDockerfile()
const last = stages.at(-1)
const all = stages.flatMap(({ instructions }) => instructions)
const texts = (keyword: string, from = all) =>
  from.filter((one) => one.keyword === keyword).map(({ text }) => text)
const final = (keyword: string) => texts(keyword, [...(last?.instructions ?? [])])

describe('Dockerfile', () => {
  it('has two stages, so that what builds is not in what runs', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', undefined])
    expect(final('RUN').filter((text) => /\bnpm\b|apt|curl|wget/.test(text))).toEqual([])
  })

  it('names its base exactly: Node 24, slim, with a version, never what is latest today', () => {
    for (const { from } of stages) expect(from).toMatch(/^node:24\.\d+\.\d+-[a-z]+-slim$/)
  })

  it('uses no ADD, which unpacks and downloads', () => expect(texts('ADD')).toEqual([]))

  it('has no secret, nor a place for one: ARG and ENV are readable in every image', () => {
    const named = [...args.keys(), ...texts('ARG'), ...assignments(texts('ENV').join(' ')).keys()]
    expect(named.filter((name) => /secret|token|password|key|credential/i.test(name))).toEqual([])
  })

  it('installs by the lock file and runs no install script', () => {
    const npm = texts('RUN').filter((text) => /\bnpm\b/.test(text))
    expect(npm.length).toBeGreaterThan(0)
    for (const text of npm) expect(text).toMatch(/^npm ci --ignore-scripts /)
    expect(npm.at(-1)).toContain('--omit=dev')
  })

  it('runs as nobody special, by number, so that Kubernetes can see it', () => {
    expect(final('USER')).toEqual(['10001:10001'])
    const order = last?.instructions.map(({ keyword }) => keyword) ?? []
    expect(order.indexOf('USER')).toBeGreaterThan(
      Math.max(order.lastIndexOf('RUN'), order.lastIndexOf('COPY')),
    )
  })

  it('starts hubgate itself, without a shell in between that would keep SIGTERM to itself', () => {
    expect(final('ENTRYPOINT').map(execForm)).toEqual([['hubgate']])
    expect(final('CMD').map(execForm)).toEqual([['serve']])
    expect(final('STOPSIGNAL')).toEqual(['SIGTERM'])
  })

  it('is asked for its health by hubgate, which waits less than the engine does', () => {
    const [, seconds, command = ''] =
      /--timeout=(\d+)s .*CMD (\[.*\])$/.exec(final('HEALTHCHECK')[0] ?? '') ?? []
    expect(execForm(command)).toEqual(['hubgate', 'health'])
    expect(Number(seconds)).toBeGreaterThan(5)
  })

  it('copies only what an engine is sent, never the whole directory', () => {
    const sources = all
      .filter(({ keyword, text }) => keyword === 'COPY' && !text.startsWith('--from='))
      .flatMap(({ text }) => text.split(/\s+/).slice(0, -1))
    const sent = new Set(contextEntries())
    expect(sources.filter((source) => !sent.has(source))).toEqual([])
    expect([...sent].filter((entry) => !sources.includes(entry))).toEqual([])
  })

  it('says what it is, with the licence of package.json', () => {
    const labels = assignments(final('LABEL').join(' '))
    const manifest: { license: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(labels.get('org.opencontainers.image.licenses')).toBe(manifest.license)
    expect(labels.get('org.opencontainers.image.title')).toBe('hubgate')
  })
})
