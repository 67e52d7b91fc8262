import { type Board, chosen, type Variable } from './board.ts'

const RULE: Variable = {
  name: 'rule',
  label: 'Rule',
  column: 'Rule',
  sql: 'SELECT DISTINCT Rule FROM alerts',
}

const IS_RULE = chosen(RULE)
const CHANGED = `Time >= $__fromTime AND Time <= $__toTime AND ${IS_RULE}`
const SENT = 'Time >= $__fromTime AND Time <= $__toTime'
/** The newest row of an alert is its state, also where it changed before the range. */
const NEWEST = `SELECT Rule, Fingerprint, argMax(State, Time) AS Newest, argMax(Value, Time) AS Last, argMax(Labels, Time) AS NewestLabels,
    argMax(Annotations, Time) AS NewestAnnotations, argMax(ActiveAt, Time) AS Active
  FROM alerts WHERE Time <= $__toTime AND ${IS_RULE} GROUP BY Rule, Fingerprint`

/** States of alerts, and what became of their messages. */
export const alertsBoard: Board = {
  uid: 'wattline-alerts',
  title: 'Wattline: alerts and deliveries',
  description: 'Alerts with their changes of state, messages to receivers, and silences.',
  from: 'now-24h',
  interval: '1m',
  variables: [RULE],
  panels: [
    {
      title: 'Firing',
      description: 'Alerts that fire at the end of the range.',
      kind: 'stat',
      w: 8,
      h: 4,
      sql: `SELECT countIf(Newest = 'firing') AS firing FROM (${NEWEST})`,
    },
    {
      title: 'Pending',
      description: 'Alerts whose value is bad, and not yet for as long as the rule waits.',
      kind: 'stat',
      w: 8,
      h: 4,
      sql: `SELECT countIf(Newest = 'pending') AS pending FROM (${NEWEST})`,
    },
    {
      title: 'Messages given up',
      description: 'Messages of the range for which no further attempt is made. They can be sent again.',
      kind: 'stat',
      w: 8,
      h: 4,
      sql: `SELECT uniqExactIf((NotificationId, Receiver), Outcome = 'dead') AS dead FROM deliveries WHERE ${SENT}`,
    },
    {
      title: 'Changes of state',
      description:
        'How many alerts became pending, began to fire, and were resolved. Dropped: pending, and good again.',
      kind: 'timeseries',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(Time) AS time, State AS state, count() AS changes
FROM alerts WHERE ${CHANGED} GROUP BY time, state ORDER BY time`,
    },
    {
      title: 'Attempts to deliver',
      description: 'By outcome. After a failed one another follows; after a dead one none does.',
      kind: 'timeseries',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(Time) AS time, Outcome AS outcome, count() AS attempts
FROM deliveries WHERE ${SENT} GROUP BY time, outcome ORDER BY time`,
    },
    {
      title: 'Alerts',
      description: 'Alerts that are pending or firing at the end of the range, the longest first.',
      kind: 'table',
      w: 24,
      h: 9,
      sql: `SELECT Rule AS rule, Newest AS state, Last AS value, Active AS since, toString(NewestLabels) AS labels, NewestAnnotations['summary'] AS summary
FROM (${NEWEST}) WHERE Newest IN ('pending', 'firing') ORDER BY since LIMIT 500`,
    },
    {
      title: 'Receivers',
      description: 'Messages and attempts of the range. Duration: that of an attempt.',
      kind: 'table',
      w: 12,
      h: 8,
      units: { duration_p50: 'ms', duration_p99: 'ms' },
      sql: `SELECT Receiver AS receiver, uniqExact(NotificationId) AS messages, countIf(Outcome = 'delivered') AS delivered, countIf(Outcome = 'failed') AS failed,
  countIf(Outcome = 'dead') AS dead, quantile(0.5)(DurationMs) AS duration_p50, quantile(0.99)(DurationMs) AS duration_p99,
  argMax(Error, Time) AS last_error
FROM deliveries WHERE ${SENT} GROUP BY receiver ORDER BY messages DESC LIMIT 100`,
    },
    {
      title: 'Silences',
      description: 'Silences that are in force at some time of the range.',
      kind: 'table',
      w: 12,
      h: 8,
      units: { hours: 'h' },
      sql: `SELECT toString(Last.3) AS matchers, Last.1 AS starts, Last.2 AS ends, dateDiff('minute', Last.1, Last.2) / 60 AS hours, Last.4 AS by, Last.5 AS comment
FROM (SELECT SilenceId, argMax((StartsAt, EndsAt, Matchers, CreatedBy, Comment), Updated) AS Last FROM silences GROUP BY SilenceId)
WHERE starts <= $__toTime AND ends >= $__fromTime ORDER BY ends DESC LIMIT 100`,
    },
  ],
}
