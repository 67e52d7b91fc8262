/** Alerts: names that must exist, and rules that could never be evaluated as meant. */
import { BUILT_IN_CHECKS, type BuiltInCheck } from '../../alerts/checks.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { closest } from './suggest.ts'

type Alerts = Config['alerts']
type AlertRuleKeys = Alerts['groups'][number]['rules'][number]

/** What rules, receivers and routes say that cannot be. */
export function alertProblems({ alerts }: Pick<Config, 'alerts'>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const tell = (path: string, problem: string): void =>
    void problems.push({ path: `alerts.${path}`, problem })
  ruleProblems(alerts, tell)
  receiverProblems(alerts, tell)
  const names = alerts.receivers.map(({ name }) => name)
  for (const [
    index,
    { receiver, group_interval: interval, repeat_interval: repeat },
  ] of alerts.routes.entries()) {
    if (!names.includes(receiver)) {
      const near = closest(receiver, names)
      tell(
        `routes.${index}.receiver`,
        `no receiver is named ${receiver}${near === null ? '' : `. Did you mean ${near}?`}`,
      )
    }
    if (repeat < interval) tell(`routes.${index}.repeat_interval`, 'must be at least group_interval')
  }
  if (alerts.groups.length > 0 && alerts.receivers.length > 0 && alerts.routes.length === 0) {
    tell('routes', 'are missing: without a route no alert is sent. Add `{receiver: NAME}` for all alerts')
  }
  return problems
}

function ruleProblems({ groups }: Alerts, tell: (path: string, problem: string) => void): void {
  for (const [index, group] of groups.entries()) {
    if (groups.findIndex(other => other.name === group.name && other.tenant === group.tenant) !== index) {
      tell(`groups.${index}.name`, `${group.name} appears twice`)
    }
    for (const [number, rule] of group.rules.entries()) {
      const path = `groups.${index}.rules.${number}`
      if (group.rules.findIndex(other => other.alert === rule.alert) !== number) {
        tell(`${path}.alert`, `${rule.alert} appears twice in group ${group.name}`)
      }
      if ((rule.sql === undefined) === (rule.check === undefined)) {
        tell(`${path}.sql`, 'is needed, or `check`; a rule has one of them')
      }
      checkProblems(rule, (key, problem) => tell(`${path}.${key}`, problem))
      if (rule.labels['alertname'] !== undefined) tell(`${path}.labels.alertname`, 'is the name of the rule')
    }
  }
}

function checkProblems(
  { check, above, below, by, where }: AlertRuleKeys,
  tell: (key: string, problem: string) => void,
): void {
  if (check === undefined) return
  const { source, above: usual }: BuiltInCheck = BUILT_IN_CHECKS[check]
  if (above === undefined && below === undefined && usual === undefined) {
    tell('above', 'is needed, or `below`: a built-in check returns good values too')
  }
  if (new Set(by).size < by.length) tell('by', 'names a label twice')
  if (source.kind !== 'usage' && Object.keys(where).length > 0) {
    tell('where', `is for energy, carbon and cost: ${check} cannot be limited to a part of the ledger`)
  }
}

function receiverProblems({ receivers }: Alerts, tell: (path: string, problem: string) => void): void {
  for (const [index, { name, kind, url, routing_key: key }] of receivers.entries()) {
    if (receivers.findIndex(other => other.name === name) !== index)
      tell(`receivers.${index}.name`, `${name} appears twice`)
    if (url === undefined && kind !== 'pagerduty') tell(`receivers.${index}.url`, 'is needed')
    if (kind === 'pagerduty' && key === undefined) tell(`receivers.${index}.routing_key`, 'is needed')
  }
}
