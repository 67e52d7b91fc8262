/** Tests of alert rules: rows that a statement would return at each evaluation, and the alerts that are expected then. */
import { z } from 'zod'
import { type AlertInstance, evaluateRule } from '../alerts/instance.ts'
import { LABEL_NAME, matchesAll } from '../alerts/labels.ts'
import { duration, durationOrZero } from '../catalogue/config/keys/quantities.ts'
import type { EvaluatedRule, RuleGroup } from './rules.ts'

const cell = z.union([z.string(), z.number(), z.null()])
const expected = z.strictObject({
  at: durationOrZero,
  alerts: z.array(
    z.strictObject({
      rule: z.string(),
      state: z.enum(['pending', 'firing']),
      labels: z.record(z.string().regex(LABEL_NAME), z.string()).default({}),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

/** File of rule tests. Times count from the first evaluation. */
export const ruleTestsSchema = z.strictObject({
  tests: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        /** Name of the group in the configuration. */
        group: z.string().min(1),
        rows: z.array(
          z.strictObject({
            rule: z.string(),
            from: durationOrZero.default(0),
            /** Up to this time, without it. */
            to: duration.optional(),
            rows: z.array(z.record(z.string(), cell)),
          }),
        ),
        expect: z.array(expected).min(1),
      }),
    )
    .min(1),
})

/** A file of rule tests that passed the schema. */
export type RuleTests = z.infer<typeof ruleTestsSchema>
type RuleTest = RuleTests['tests'][number]

/** Result of a test: empty when it passed. */
export interface RuleTestResult {
  readonly name: string
  readonly problems: readonly string[]
}

/** Runs all tests against the rules of a configuration. */
export const runRuleTests = (groups: readonly RuleGroup[], { tests }: RuleTests): readonly RuleTestResult[] =>
  tests.map(test => ({ name: test.name, problems: problemsOf(groups, test) }))

function problemsOf(groups: readonly RuleGroup[], test: RuleTest): readonly string[] {
  const group = groups.find(({ name }) => name === test.group)
  if (group === undefined) return [`no group is named ${test.group}`]
  const unknown = [...test.rows, ...test.expect.flatMap(({ alerts }) => alerts)]
    .map(({ rule }) => rule)
    .filter(name => !group.rules.some(rule => rule.name === name))
  if (unknown.length > 0) return [`group ${group.name} has no rule ${[...new Set(unknown)].join(', ')}`]
  const problems: string[] = []
  const known = new Map<string, ReadonlyMap<string, AlertInstance>>()
  const last = Math.max(...test.expect.map(({ at }) => at))
  for (let at = 0; at <= last; at += group.intervalSeconds) {
    for (const rule of group.rules) {
      const { instances } = evaluateRule(
        rule,
        known.get(rule.key) ?? new Map(),
        samplesOf(test, rule, at),
        at,
      )
      known.set(rule.key, instances)
    }
    const until = at + group.intervalSeconds
    for (const one of test.expect.filter(expects => expects.at >= at && expects.at < until)) {
      problems.push(...differences(group, known, one))
    }
  }
  return problems
}

const samplesOf = ({ rows }: RuleTest, rule: EvaluatedRule, at: number) =>
  rows
    .filter(one => one.rule === rule.name && at >= one.from && at < (one.to ?? Number.POSITIVE_INFINITY))
    .flatMap(one => one.rows)
    .map(({ value = null, ...labels }) => ({
      labels: Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, String(text ?? '')])),
      value: value === null ? null : Number(value),
    }))

/** What was asked for: labels and annotations only where the test names some. */
const wanted = ({
  rule,
  state,
  labels,
  annotations = {},
}: RuleTest['expect'][number]['alerts'][number]): string =>
  [
    rule,
    state,
    ...[labels, annotations].filter(one => Object.keys(one).length > 0).map(one => JSON.stringify(one)),
  ].join(' ')

function differences(
  group: RuleGroup,
  known: ReadonlyMap<string, ReadonlyMap<string, AlertInstance>>,
  { at, alerts }: RuleTest['expect'][number],
): readonly string[] {
  const left = group.rules.flatMap(rule =>
    [...(known.get(rule.key)?.values() ?? [])].map(instance => ({ rule: rule.name, instance })),
  )
  const missing: string[] = []
  for (const want of alerts) {
    const found = left.findIndex(
      ({ rule, instance }) =>
        rule === want.rule &&
        instance.state === want.state &&
        Object.keys(want.labels).every(name => name in instance.labels) &&
        matchesAll(want.labels, instance.labels) &&
        Object.entries(want.annotations ?? {}).every(([name, text]) => instance.annotations[name] === text),
    )
    if (found >= 0) left.splice(found, 1)
    else missing.push(`at ${at}s: expected ${wanted(want)}, and there is none`)
  }
  const more = left.map(
    ({ rule, instance: { state, labels, annotations } }) =>
      `at ${at}s: ${rule} is ${state} ${JSON.stringify(labels)} ${JSON.stringify(annotations)}, which was not expected`,
  )
  return [...missing, ...more]
}
