/** Questions about alerts, as SQL. */
import { type ParameterizedSql, tableName } from '../fence/tables.ts'

/** Alerts whose newest change left them pending or firing, by rule and labels. */
export const alertsStatement = (limit: number): ParameterizedSql => ({
  text:
    'SELECT GroupName AS group_name, Rule AS rule, Fingerprint AS fingerprint, argMax(State, Time) AS state, ' +
    'argMax(Value, Time) AS value, argMax(Labels, Time) AS labels, argMax(Annotations, Time) AS annotations, ' +
    'toUnixTimestamp(argMax(ActiveAt, Time)) AS active_at, toUnixTimestamp(argMax(FiredAt, Time)) AS fired_at ' +
    `FROM ${tableName('alerts')} GROUP BY group_name, rule, fingerprint HAVING state IN ('pending', 'firing') ` +
    'ORDER BY group_name, rule, fingerprint LIMIT {limit:UInt32}',
  params: { limit },
})

/** Silences that are not over, as they were last put. */
export const silencesStatement = (now: number): ParameterizedSql => ({
  text:
    'SELECT SilenceId AS id, argMax(Matchers, Updated) AS matchers, toUnixTimestamp(argMax(StartsAt, Updated)) AS starts_at, ' +
    'toUnixTimestamp(argMax(EndsAt, Updated)) AS ends_at, argMax(CreatedBy, Updated) AS created_by, ' +
    `argMax(Comment, Updated) AS comment FROM ${tableName('silences')} GROUP BY id ` +
    'HAVING ends_at > {now:UInt32} ORDER BY ends_at, id LIMIT 10000',
  params: { now },
})

/** Attempts, the newest first. */
export const deliveriesStatement = (limit: number, outcome: string | undefined): ParameterizedSql => ({
  text:
    'SELECT toString(toUnixTimestamp64Milli(Time)) AS time_ms, NotificationId AS id, Receiver AS receiver, Attempt AS attempt, ' +
    'Outcome AS outcome, Status AS status, Error AS error, DurationMs AS duration_ms, toUnixTimestamp(NextAttempt) AS next_attempt ' +
    `FROM ${tableName('deliveries')} ${outcome === undefined ? '' : 'WHERE Outcome = {outcome:String} '}` +
    'ORDER BY Time DESC, id, attempt DESC LIMIT {limit:UInt32}',
  params: { limit, ...(outcome === undefined ? {} : { outcome }) },
})

/** The message of an id, as it was written down. */
export const messageStatement = (id: string): ParameterizedSql => ({
  text: `SELECT Tenant AS tenant, any(Message) AS message FROM ${tableName('notifications')} WHERE NotificationId = {id:String} GROUP BY tenant LIMIT 1`,
  params: { id },
})
