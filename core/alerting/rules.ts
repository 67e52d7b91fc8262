/** Rules of the configuration as they are evaluated. */
import { BUILT_IN_CHECKS } from '../alerts/checks.ts'
import type { AlertRoute } from '../alerts/groups.ts'
import type { AlertRule } from '../alerts/rule.ts'
import type { Config } from '../catalogue/config/schema.ts'
import { digest } from '../model/digest.ts'

/** A rule with its statement. */
export interface EvaluatedRule extends AlertRule {
  /** The same as long as tenant, group and name are: its state is kept under it. */
  readonly key: string
  readonly sql: string
  /** Whether the statement is the product's own. */
  readonly isOwn: boolean
  readonly windowSeconds: number
}

/** Rules that are evaluated together, for the same time. */
export interface RuleGroup {
  readonly key: string
  readonly name: string
  readonly tenant: string
  readonly intervalSeconds: number
  readonly rules: readonly EvaluatedRule[]
}

/** Groups in the order of the configuration. */
export const ruleGroupsOf = ({ groups }: Config['alerts']): readonly RuleGroup[] =>
  groups.map(({ name, tenant, interval, rules }) => ({
    key: digest(`${tenant}/${name}`, 16),
    name,
    tenant,
    intervalSeconds: Math.max(1, Math.round(interval)),
    rules: rules.map(rule => ruleOf(tenant, name, rule)),
  }))

function ruleOf(
  tenant: string,
  group: string,
  rule: Config['alerts']['groups'][number]['rules'][number],
): EvaluatedRule {
  const { above, below, check } = rule
  const sql = rule.sql ?? (check === undefined ? '' : BUILT_IN_CHECKS[check].sql)
  return {
    key: digest(`${tenant}/${group}/${rule.alert}`, 16),
    name: rule.alert,
    condition: above === undefined && below === undefined ? null : { above, below },
    forSeconds: rule.for,
    keepFiringSeconds: rule.keep_firing_for,
    noData: rule.no_data,
    labels: rule.labels,
    annotations: rule.annotations,
    sql,
    isOwn: rule.sql === undefined,
    windowSeconds: Math.max(1, Math.round(rule.window)),
  }
}

/** Routes in the order of the configuration. */
export const routesOf = ({ routes }: Config['alerts']): readonly AlertRoute[] =>
  routes.map(route => ({
    match: route.match,
    receiver: route.receiver,
    groupBy: route.group_by,
    groupWait: route.group_wait,
    groupInterval: route.group_interval,
    repeatInterval: route.repeat_interval,
    continues: route.continue,
  }))
