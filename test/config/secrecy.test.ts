// No secret stands in a problem, a message or the shown configuration, however it got there.
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { describeProblems } from '../../src/config/problem.ts'
import { settingsOf } from '../../src/config/settings-tree.ts'
import { schema } from '../../src/config/schema.ts'
import { showConfig, shownConfig } from '../../src/config/show.ts'
import { CANARY_ADMIN_TOKEN, CANARY_MARK, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { SAMPLE_YAML, loaded, parsed, problemsFrom, problemsOf, sample } from './sample.ts'

const secrets = {
  apps: { shop: { secrets: [CANARY_SECRET], verifyTokens: [CANARY_VERIFY_TOKEN] } },
  admin: { token: CANARY_ADMIN_TOKEN },
}

describe('a secret', () => {
  it('is in no form of the configuration that could be printed', () => {
    const { config } = parsed(sample(secrets))
    const printed = [
      showConfig(config),
      JSON.stringify(shownConfig(config)),
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      String(config.admin.token),
    ]
    expect(printed.filter((text) => text.includes(CANARY_MARK))).toEqual([])
    expect(config.apps['shop']?.secrets[0]?.reveal()).toBe(CANARY_SECRET)
  })

  it.each([
    ['too short', 'zQ7canary-short'],
    ['with a newline', `${CANARY_SECRET}\n`],
    ['with a reference in it that leads nowhere', `${CANARY_SECRET}\${NOPE}`],
    ['with a default after a bad name', `\${no name:-${CANARY_SECRET}}`],
    ['in an object', { value: CANARY_SECRET }],
    ['in a list', [CANARY_SECRET]],
  ])('is not repeated when it is %s', (_name, value) => {
    const problems = problemsOf(
      sample({ apps: { shop: { secrets: [value], verifyTokens: [value] } }, admin: { token: value } }),
    )
    expect(problems.length).toBeGreaterThan(0)
    expect(describeProblems(problems)).not.toContain(CANARY_MARK)
  })

  it('that was filled in where none belongs is not repeated', () => {
    const leaves = [...settingsOf(schema)].filter(
      ({ shape, name }) => shape.kind === 'leaf' && !/\[\]|NAME/.test(name),
    )
    for (const { name } of leaves) {
      const [section = '', ...keys] = name.split('.')
      const value = keys.reduceRight<unknown>((below, key) => ({ [key]: below }), '${MISPLACED}')
      const problems = problemsOf(sample({ [section]: value }), { MISPLACED: ` ${CANARY_SECRET} ` })
      expect(describeProblems(problems), name).not.toContain(CANARY_MARK)
    }
  })

  it('is not repeated when the file is broken around it', () => {
    const whole = SAMPLE_YAML.replace('${APP_SECRET}', CANARY_SECRET).replace(
      '${VERIFY_TOKEN}',
      CANARY_VERIFY_TOKEN,
    )
    for (const from of ['"', '{', '[', ']', ':', 'secrets', ',', 'apps:']) {
      for (const to of ['', '!', '\t', '&a ', '"', '{{', '@', '%x ']) {
        const text = whole.replaceAll(from, to)
        expect(describeProblems(problemsFrom(() => loaded(text)))).not.toContain(CANARY_MARK)
      }
    }
  })

  it('is not repeated when it stands where an alias, a tag or an escape would', () => {
    for (const text of [
      `state: *${CANARY_SECRET}`,
      `state: !${CANARY_SECRET} x`,
      `state: "\\${CANARY_SECRET}"`,
      `state: @${CANARY_SECRET}`,
      `%${CANARY_SECRET}\n---\na: 1`,
    ])
      expect(describeProblems(problemsFrom(() => loaded(text)))).not.toContain(CANARY_MARK)
  })

  it('in the user information of an upstream is not repeated', () => {
    const route = { path: '/x', apps: ['shop'], upstream: `http://user:${CANARY_SECRET}@host/` }
    expect(describeProblems(problemsOf(sample({ routes: [route] })))).not.toContain(CANARY_MARK)
  })

  it('stands in no example of the JSON Schema', () =>
    expect(JSON.stringify(configJsonSchema())).not.toContain(CANARY_MARK))
})
