/** Alerts that fire now, by the groups that they are sent in. */
import type { RuleGroup } from '../../core/alerting/rules.ts'
import { type AlertRoute, alertGroups, type SentAlert } from '../../core/alerts/groups.ts'
import { type AlertState, sentAlertOf } from './state.ts'

/** By the key of the group; an alert is in the groups of all routes that take it. */
export function firingByGroup(
  ruleGroups: readonly RuleGroup[],
  routes: readonly AlertRoute[],
  instances: AlertState['instances'],
): ReadonlyMap<string, readonly SentAlert[]> {
  const found = new Map<string, SentAlert[]>()
  for (const { tenant, rules } of ruleGroups) {
    for (const rule of rules) {
      for (const instance of instances.get(rule.key)?.values() ?? []) {
        if (instance.state !== 'firing') continue
        for (const { key } of alertGroups(routes, tenant, instance.labels)) {
          const alerts = found.get(key) ?? []
          alerts.push(sentAlertOf(instance, null))
          found.set(key, alerts)
        }
      }
    }
  }
  return found
}
