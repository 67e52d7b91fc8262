/** Rules of the configuration as they are evaluated. */
import { BUILT_IN_CHECKS, type BuiltInCheck, type CheckName, type ValueSource } from '../alerts/checks.ts'
import type { AlertRoute } from '../alerts/groups.ts'
import type { AlertCondition, AlertRule, NoDataPolicy } from '../alerts/rule.ts'
import { type UsageScope, usageSql } from '../alerts/usage-sql.ts'
import type { Config } from '../catalogue/config/schema.ts'
import { digest } from '../model/digest.ts'

/** A rule with the source of its values. */
export interface EvaluatedRule extends AlertRule {
  /** The same as long as tenant, group and name are: its state is kept under it. */
  readonly key: string
  readonly source: ValueSource
  /** Of `usage`: what is summed. */
  readonly scope: UsageScope
  readonly windowSeconds: number
}

/** Rules that are evaluated together, for the same time. */
export interface RuleGroup {
  readonly key: string
  readonly name: string
  readonly tenant: string
  readonly intervalSeconds: number
  readonly rules: readonly EvaluatedRule[]
  /** Whether evaluations wait until the tables have everything up to their time. */
  readonly waits: boolean
}

/** Groups in the order of the configuration. */
export const ruleGroupsOf = ({ groups }: Config['alerts']): readonly RuleGroup[] =>
  groups.map(({ name, tenant, interval, rules }) => ({
    key: digest(`${tenant}/${name}`, 16),
    name,
    tenant,
    intervalSeconds: Math.max(1, Math.round(interval)),
    rules: rules.map(rule => ruleOf(tenant, name, rule)),
    waits: true,
  }))

/** The rules of a group that need the tables, and those that must be evaluated while the tables are behind. */
export function evaluatedApart(group: RuleGroup): readonly RuleGroup[] {
  const isOfTables = ({ source: { kind } }: EvaluatedRule): boolean => kind !== 'lag' && kind !== 'intensity'
  const [waiting, others] = [group.rules.filter(isOfTables), group.rules.filter(rule => !isOfTables(rule))]
  return [
    ...(waiting.length > 0 ? [{ ...group, rules: waiting }] : []),
    ...(others.length > 0
      ? [{ ...group, key: digest(`${group.key}/now`, 16), rules: others, waits: false }]
      : []),
  ]
}

/** Seconds. */
const WINDOW = 300

function ruleOf(tenant: string, group: string, rule: RuleConfig): EvaluatedRule {
  const builtIn = rule.check === undefined ? undefined : builtInCheck(rule.check)
  const { above, below } = conditionOf(rule)
  return {
    key: digest(`${tenant}/${group}/${rule.alert}`, 16),
    name: rule.alert,
    condition: above === undefined && below === undefined ? null : { above, below },
    forSeconds: rule.for,
    keepFiringSeconds: rule.keep_firing_for,
    noData: noDataOf(rule),
    absent: builtIn?.absent ?? 'unknown',
    goneSeconds: rule.gone_after,
    labels: rule.labels,
    annotations: rule.annotations,
    source: valueSource(rule),
    scope: { by: rule.by, where: rule.where },
    windowSeconds: ruleWindow(rule),
  }
}

/** A rule of the configuration. */
export type RuleConfig = Config['alerts']['groups'][number]['rules'][number]

const builtInCheck = (name: CheckName): BuiltInCheck => BUILT_IN_CHECKS[name]

/** Where the values of a rule come from. */
export const valueSource = ({ check, sql = '' }: RuleConfig): ValueSource =>
  check === undefined ? { kind: 'sql', sql, isOwn: false, minutes: false } : builtInCheck(check).source

/** When a value of a rule is bad: what it says, or what its check says. */
export function conditionOf({ above, below, check }: RuleConfig): AlertCondition {
  if (above !== undefined || below !== undefined || check === undefined) return { above, below }
  return { above: builtInCheck(check).above, below: undefined }
}

/** Seconds. */
export const ruleWindow = ({ window, check }: RuleConfig): number =>
  Math.max(1, Math.round(window ?? (check === undefined ? undefined : builtInCheck(check).window) ?? WINDOW))

/** What follows from no row at all. */
export const noDataOf = ({ no_data, check }: RuleConfig): NoDataPolicy =>
  no_data ?? (check === undefined ? undefined : builtInCheck(check).noData) ?? 'alert'

/** The statement of a rule, for people; '' where its values come from elsewhere. */
export function statementOf(rule: RuleConfig): string {
  const source = valueSource(rule)
  if (source.kind === 'sql') return source.sql
  return source.kind === 'usage' ? usageSql(source.measure, rule).sql : ''
}

/** Routes in the order of the configuration. */
export const configuredRoutes = ({ routes }: Config['alerts']): readonly AlertRoute[] =>
  routes.map(route => ({
    match: route.match,
    receiver: route.receiver,
    groupBy: route.group_by,
    groupWait: route.group_wait,
    groupInterval: route.group_interval,
    repeatInterval: route.repeat_interval,
    continues: route.continue,
  }))
