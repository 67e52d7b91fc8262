/** `/api/v1/{rules,alerts,silences,deliveries}`: what is evaluated, what fires, what is silenced, what was sent. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type AlertLog, newSilenceId } from '../../core/alerting/alert-log.ts'
import { conditionOf, noDataOf, ruleWindow, statementOf } from '../../core/alerting/rules.ts'
import type { AlertMessage } from '../../core/alerts/groups.ts'
import { LABEL_NAME, matchesAll } from '../../core/alerts/labels.ts'
import { NO_DATA } from '../../core/alerts/rule.ts'
import type {
  AlertAnswer,
  AlertsAnswer,
  DeliveriesAnswer,
  DeliveryReplayAnswer,
  RulesAnswer,
  SilenceAnswer,
  SilencesAnswer,
} from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { ADMIN_TENANT, identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { integerParameter, knownParameters, type RawQuery, wordParameter } from '../http/parameters.ts'
import { alertsStatement, deliveriesStatement, messageStatement, silencesStatement } from './statements.ts'

const MOST_ALERTS = 10_000
const read = { config: { access: READ_TENANT } }
const admin = { config: { access: ADMIN_TENANT } }

/** Reading needs scope `read` of the whole tenant, silences and replays scope `admin`. */
export function alertRoutes(app: FastifyInstance, context: QueryContext): void {
  const nowS = (): number => Math.floor(context.now() / 1000)

  app.get('/api/v1/rules', read, async (request, reply): Promise<RulesAnswer> => {
    knownParameters(request.query as RawQuery, [])
    const identity = identityOf(request)
    const active = await activeAlerts(context.readers(identity, reply), nowS(), MOST_ALERTS)
    reply.header('cache-control', 'no-store')
    return { rules: rulesOf(context, identity.tenant, active) }
  })

  app.get('/api/v1/alerts', read, async (request, reply): Promise<AlertsAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['limit'])
    const limit = integerParameter(query, 'limit', { min: 1, max: MOST_ALERTS, absent: 1_000 })
    const found = await activeAlerts(context.readers(identityOf(request), reply), nowS(), limit + 1)
    reply.header('cache-control', 'no-store')
    return { alerts: found.slice(0, limit), truncated: found.length > limit }
  })

  app.get('/api/v1/silences', read, async (request, reply): Promise<SilencesAnswer> => {
    knownParameters(request.query as RawQuery, [])
    reply.header('cache-control', 'no-store')
    return { silences: await silencesOf(context.readers(identityOf(request), reply), nowS()) }
  })

  app.post('/api/v1/silences', admin, async (request): Promise<SilenceAnswer> => {
    const parsed = silenceBody.safeParse(request.body)
    if (!parsed.success) {
      const why = z.prettifyError(parsed.error).replaceAll('\n', ' ').slice(0, 500)
      throw new WattlineError('parameter_invalid', `The silence cannot be used: ${why}.`)
    }
    const { id, matchers, starts_at, ends_at, created_by, comment } = parsed.data
    const startsAt = starts_at === undefined ? nowS() : Math.floor(Date.parse(starts_at) / 1000)
    const endsAt = Math.floor(Date.parse(ends_at) / 1000)
    if (endsAt <= startsAt) throw new WattlineError('parameter_invalid', 'The silence ends before it starts.')
    const content = { id: id ?? newSilenceId(), matchers, startsAt, endsAt, createdBy: created_by, comment }
    await logOf(context.alertLog).silence(identityOf(request).tenant, content)
    return {
      id: content.id,
      matchers,
      starts_at: isoTime(startsAt),
      ends_at: isoTime(endsAt),
      created_by,
      comment,
    }
  })

  app.delete<{ Params: { id: string } }>('/api/v1/silences/:id', admin, async (request, reply) => {
    const identity = identityOf(request)
    const known = await silencesOf(context.readers(identity, reply), nowS())
    const found = known.find(({ id }) => id === request.params.id)
    if (found === undefined)
      throw new WattlineError('not_found', `No silence has the id ${request.params.id}.`)
    await logOf(context.alertLog).silence(identity.tenant, {
      id: found.id,
      matchers: found.matchers,
      startsAt: Math.min(nowS() - 1, Math.floor(Date.parse(found.starts_at) / 1000)),
      endsAt: nowS(),
      createdBy: found.created_by,
      comment: found.comment,
    })
    return reply.status(204).send()
  })

  deliveryRoutes(app, context)
}

/** What was sent, and sending it again. */
function deliveryRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/deliveries', read, async (request, reply): Promise<DeliveriesAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['limit', 'outcome'])
    const limit = integerParameter(query, 'limit', { min: 1, max: 1_000, absent: 100 })
    const outcome = wordParameter(query, 'outcome', ['all', 'delivered', 'failed', 'dead'], 'all')
    const { text, params } = deliveriesStatement(limit + 1, outcome === 'all' ? undefined : outcome)
    const rows = await context.readers(identityOf(request), reply).query<DeliveryAttempt>(text, params)
    reply.header('cache-control', 'no-store')
    return { deliveries: rows.slice(0, limit).map(deliveryOf), truncated: rows.length > limit }
  })

  app.post<{ Params: { id: string } }>(
    '/api/v1/deliveries/:id/replay',
    admin,
    async (request, reply): Promise<DeliveryReplayAnswer> => {
      const { tenant } = identityOf(request)
      const { text, params } = messageStatement(request.params.id)
      const rows = await context.readers(identityOf(request), reply).query<{ message: string }>(text, params)
      const [found] = rows
      if (found === undefined)
        throw new WattlineError('not_found', `No message has the id ${request.params.id}.`)
      await logOf(context.alertLog).replay(tenant, JSON.parse(found.message) as AlertMessage)
      return { id: request.params.id, messages: 1 }
    },
  )
}

const time = z.iso.datetime({ offset: true })
const silenceBody = z.strictObject({
  id: z.string().min(1).max(100).optional(),
  matchers: z
    .record(z.string().regex(LABEL_NAME), z.string().max(1_000))
    .refine(matchers => Object.keys(matchers).length > 0, 'must have at least one label'),
  starts_at: time.optional(),
  ends_at: time,
  created_by: z.string().max(200).default(''),
  comment: z.string().max(2_000).default(''),
})

interface AlertRow {
  readonly group_name: string
  readonly rule: string
  readonly fingerprint: string
  readonly state: 'pending' | 'firing'
  readonly value: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly active_at: number
  readonly fired_at: number
}

async function activeAlerts(
  reader: FencedReader,
  now: number,
  limit: number,
): Promise<readonly AlertAnswer[]> {
  const { text, params } = alertsStatement(limit)
  const rows = await reader.query<AlertRow>(text, params)
  const silences = rows.length === 0 ? [] : await silencesOf(reader, now)
  const running = silences.filter(one => Date.parse(one.starts_at) <= now * 1000)
  return rows.map(row => ({
    group: row.group_name,
    rule: row.rule,
    fingerprint: row.fingerprint,
    state: row.state,
    value: row.value,
    labels: row.labels,
    annotations: row.annotations,
    active_at: isoTime(row.active_at),
    fired_at: row.fired_at === 0 ? null : isoTime(row.fired_at),
    silenced_by: running.filter(one => matchesAll(one.matchers, row.labels)).map(({ id }) => id),
  }))
}

interface SilenceRow {
  readonly id: string
  readonly matchers: Readonly<Record<string, string>>
  readonly starts_at: number
  readonly ends_at: number
  readonly created_by: string
  readonly comment: string
}

async function silencesOf(reader: FencedReader, now: number): Promise<readonly SilenceAnswer[]> {
  const { text, params } = silencesStatement(now)
  const rows = await reader.query<SilenceRow>(text, params)
  return rows.map(row => ({ ...row, starts_at: isoTime(row.starts_at), ends_at: isoTime(row.ends_at) }))
}

interface DeliveryAttempt {
  readonly time_ms: string
  readonly id: string
  readonly receiver: string
  readonly attempt: number
  readonly outcome: 'delivered' | 'failed' | 'dead'
  readonly status: number
  readonly error: string
  readonly duration_ms: number
  readonly next_attempt: number
}

const deliveryOf = (row: DeliveryAttempt): DeliveriesAnswer['deliveries'][number] => ({
  time: new Date(Number(row.time_ms)).toISOString(),
  id: row.id,
  receiver: row.receiver,
  attempt: row.attempt,
  outcome: row.outcome,
  status: row.status === 0 ? null : row.status,
  error: row.error,
  duration_ms: row.duration_ms,
  next_attempt: row.next_attempt === 0 ? null : isoTime(row.next_attempt),
})

const rulesOf = (
  { config }: QueryContext,
  tenant: string,
  active: readonly AlertAnswer[],
): RulesAnswer['rules'] =>
  config.alerts.groups
    .filter(group => group.tenant === tenant)
    .flatMap(group =>
      group.rules.map(rule => {
        const mine = active.filter(one => one.group === group.name && one.rule === rule.alert)
        return {
          group: group.name,
          rule: rule.alert,
          check: rule.check ?? null,
          sql: statementOf(rule),
          interval: group.interval,
          window: ruleWindow(rule),
          above: conditionOf(rule).above ?? null,
          below: conditionOf(rule).below ?? null,
          for: rule.for,
          keep_firing_for: rule.keep_firing_for,
          no_data: noDataOf(rule),
          labels: rule.labels,
          state: ruleState(mine),
          alerts: mine.length,
        }
      }),
    )

function ruleState(alerts: readonly AlertAnswer[]): RulesAnswer['rules'][number]['state'] {
  const hasData = alerts.filter(({ labels }) => labels[NO_DATA] === undefined)
  if (hasData.some(({ state }) => state === 'firing')) return 'firing'
  if (hasData.length < alerts.length) return 'no_data'
  return hasData.length > 0 ? 'pending' : 'inactive'
}

function logOf(log: AlertLog | undefined): AlertLog {
  if (log !== undefined) return log
  throw new WattlineError(
    'not_found',
    'This process does not have the log open: ask one with role query that has.',
  )
}
