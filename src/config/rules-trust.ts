// Rules about whom we believe: names and anchors that would refuse everybody, and anchors that say two things.
import type { Problem } from './problem.ts'
import type { Draft, Settings } from './schema.ts'

type Anchors = Settings['client']['anchors']

export function trustRules({ client }: Pick<Draft, 'client'>): Problem[] {
  if (client === undefined) return []
  const { commonNames, anchors } = client
  return [
    ...(commonNames.length > 0
      ? []
      : [
          {
            setting: 'client.commonNames',
            message: 'is empty: every client would be refused',
            hint: 'list at least one common name',
          },
        ]),
    ...noAnchor(anchors),
    ...anchors.flatMap((_, index) => anchorProblems(anchors, index)),
  ]
}

function noAnchor(anchors: Anchors): Problem[] {
  const setting = 'client.anchors'
  if (anchors.length === 0) {
    const hint = 'add "- builtin: digicert-ev" and Meta\'s own root'
    return [{ setting, message: 'is empty: every client would be refused', hint }]
  }
  if (anchors.some(({ state }) => state === 'active')) return []
  const hint = 'make one active: hubgate anchor promote NAME'
  return [{ setting, message: 'holds no active one: every client would be refused', hint }]
}

function anchorProblems(anchors: Anchors, index: number): Problem[] {
  const anchor = anchors[index]
  if (anchor === undefined) return []
  const setting = `client.anchors[${index}]`
  const kind = kindProblem(anchor)
  if (kind !== undefined) return [{ setting, ...kind }]
  return [...sameName(anchors, index), ...lifeProblems(anchor, setting)]
}

function kindProblem({ builtin, name, file }: Anchors[number]): Omit<Problem, 'setting'> | undefined {
  if (builtin !== undefined && (name !== undefined || file !== undefined))
    return {
      message: 'is builtin and something else',
      hint: 'a builtin anchor has its own name and file: { builtin: digicert-ev }',
    }
  if (builtin === undefined && (name === undefined || file === undefined))
    return {
      message: `has no ${file === undefined ? 'file' : 'name'}`,
      hint: 'write { name: …, file: … } or { builtin: digicert-ev }',
    }
  return undefined
}

function sameName(anchors: Anchors, index: number): Problem[] {
  const nameAt = (i: number) => anchors[i]?.builtin ?? anchors[i]?.name
  const first = anchors.findIndex((_, i) => nameAt(i) === nameAt(index))
  if (first === index) return []
  return [
    {
      setting: `client.anchors[${index}]`,
      message: `has the same name as client.anchors[${first}]`,
      hint: 'names tell anchors apart in records and metrics',
    },
  ]
}

function lifeProblems({ state, from, until }: Anchors[number], setting: string): Problem[] {
  const problems: Problem[] = []
  if (from !== undefined && until !== undefined && from >= until)
    problems.push({ setting, message: 'has no time between from and until', hint: 'from comes before until' })
  if (state !== 'active' && (from !== undefined || until !== undefined))
    problems.push({
      setting,
      message: `is ${state} and has a date: dates say when an active anchor counts`,
      hint: 'leave out from and until, or write state: active',
    })
  return problems
}
