/** Alert rules and alerts of the tenant, in Prometheus' shape. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { statementOf } from '../../../core/alerting/rules.ts'
import { NO_DATA } from '../../../core/alerts/rule.ts'
import { alertsStatement } from '../../alerts/statements.ts'
import type { FencedReader } from '../../fence/fenced-reader.ts'
import { identityOf, READ_TENANT } from '../../http/auth.ts'
import type { QueryContext } from '../../http/context.ts'
import { JSON_TYPE, sendFailure, successText } from '../http/envelope.ts'
import { type Parameters, parametersOf } from '../http/parameters.ts'

const MOST_ALERTS = 10_000
/** What Go prints for a time that is not known. */
const NO_TIME = '0001-01-01T00:00:00Z'

interface ActiveAlertRow {
  readonly group_name: string
  readonly rule: string
  readonly state: 'pending' | 'firing'
  readonly value: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly active_at: number
}

/** Serves `rules` and `alerts`; at the root these paths are Wattline's own. */
export function ruleRoutes(app: FastifyInstance, context: QueryContext, prefix: string): void {
  const options = {
    config: { access: READ_TENANT },
    errorHandler: (error: unknown, _request: unknown, reply: FastifyReply) =>
      sendFailure(reply, error, defect =>
        context.events.emit('requestFailed', { code: 'invariant_broken' }, defect),
      ),
  }
  app.get(`${prefix}/api/v1/alerts`, options, async (request, reply) => {
    const alerts = await activeAlerts(context.readers(identityOf(request), reply))
    return reply.type(JSON_TYPE).send(successText({ alerts: alerts.map(alertOf) }))
  })
  app.get(`${prefix}/api/v1/rules`, options, async (request, reply) => {
    const identity = identityOf(request)
    const alerts = await activeAlerts(context.readers(identity, reply))
    const groups = groupsOf(context, identity.tenant, alerts, parametersOf(request.url, undefined))
    return reply.type(JSON_TYPE).send(successText({ groups }))
  })
}

async function activeAlerts(reader: FencedReader): Promise<readonly ActiveAlertRow[]> {
  const { text, params } = alertsStatement(MOST_ALERTS)
  return await reader.query<ActiveAlertRow>(text, params)
}

const alertOf = ({ labels, annotations, state, active_at, value }: ActiveAlertRow) => ({
  labels,
  annotations,
  state,
  activeAt: new Date(active_at * 1000).toISOString().replace('.000Z', 'Z'),
  value: value === null ? 'NaN' : exponentText(value),
})

/** As Go's %e prints the shortest digits: `1.5e+03`. */
export const exponentText = (value: number): string => value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')

function groupsOf(
  { config }: QueryContext,
  tenant: string,
  alerts: readonly ActiveAlertRow[],
  parameters: Parameters,
): readonly unknown[] {
  const names = new Set(parameters.all('rule_name[]'))
  const groupNames = new Set(parameters.all('rule_group[]'))
  const withoutAlerts = parameters.text('exclude_alerts') === 'true'
  // All rules here are alerting rules.
  if (parameters.text('type') === 'record' || parameters.all('file[]').length > 0) return []
  return config.alerts.groups
    .filter(group => group.tenant === tenant && (groupNames.size === 0 || groupNames.has(group.name)))
    .map(group => ({
      name: group.name,
      file: '',
      interval: group.interval,
      limit: 0,
      rules: group.rules
        .filter(rule => names.size === 0 || names.has(rule.alert))
        .map(rule => {
          const mine = alerts.filter(one => one.group_name === group.name && one.rule === rule.alert)
          return {
            state: stateOf(mine),
            name: rule.alert,
            query: statementOf(rule),
            duration: rule.for,
            keepFiringFor: rule.keep_firing_for,
            labels: rule.labels,
            annotations: rule.annotations,
            alerts: withoutAlerts ? [] : mine.map(alertOf),
            health: mine.some(({ labels }) => labels[NO_DATA] !== undefined) ? 'unknown' : 'ok',
            evaluationTime: 0,
            lastEvaluation: NO_TIME,
            type: 'alerting',
          }
        }),
      evaluationTime: 0,
      lastEvaluation: NO_TIME,
    }))
    .filter(({ rules }) => rules.length > 0)
}

function stateOf(alerts: readonly ActiveAlertRow[]): 'firing' | 'pending' | 'inactive' {
  if (alerts.some(({ state }) => state === 'firing')) return 'firing'
  return alerts.length > 0 ? 'pending' : 'inactive'
}
