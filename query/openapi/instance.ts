/** Operations on telemetry, alerts, scaling and the instance itself. */
import { count, member, neededMember, type Operation, oneOf, PLAIN, text } from './operation.ts'

const LIMIT = count('Most rows of the answer')
const MINUTES = count('Minutes to look back')
const clickhouse: Operation = {
  summary: 'The HTTP interface of ClickHouse, read-only',
  answer: { media: 'application/octet-stream' },
}
const page: Operation = { summary: 'The dashboards', answer: { media: 'text/html' } }

/** By method and path. */
export const INSTANCE_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /': page,
  'GET /index.html': page,
  'GET /healthz': { summary: '200 while the process runs', answer: PLAIN },
  'GET /readyz': { summary: 'Whether the process can work, or what it waits for' },
  'GET /metrics': { summary: 'Metrics of the process itself', answer: PLAIN },
  'GET /api/v1/status': { summary: 'What this process is, and what is wrong', answer: 'StatusAnswer' },
  'GET /api/v1/openapi.json': { summary: 'This document' },
  'POST /api/v1/sql': {
    summary: 'A SELECT over the own rows',
    body: {
      query: neededMember('string', 'One SELECT'),
      params: member('object', 'Values of its placeholders'),
    },
  },
  'GET /clickhouse': clickhouse,
  'POST /clickhouse': clickhouse,
  'GET /clickhouse/': clickhouse,
  'POST /clickhouse/': clickhouse,
  'GET /clickhouse/ping': { summary: 'Ok.', answer: PLAIN },
  'GET /api/v1/live': {
    summary: 'Watts of a host over the last minutes',
    query: { host: text('Id of the host'), minutes: MINUTES },
    answer: 'LiveAnswer',
  },
  'GET /api/v1/hosts': {
    summary: 'Machines with their meters and names',
    query: { minutes: MINUTES },
    answer: 'HostsAnswer',
  },
  'GET /api/v1/workloads': {
    summary: 'Workloads with their other ids',
    query: { host: text('Id of the host'), minutes: MINUTES },
    answer: 'WorkloadsAnswer',
  },
  'GET /api/v1/traces': {
    summary: 'Recent traces',
    query: { limit: LIMIT, service: text('One service') },
    answer: 'RecentTracesAnswer',
  },
  'GET /api/v1/traces/:id': { summary: 'All spans of one trace', answer: 'TraceAnswer' },
  'GET /api/v1/quarantine': {
    summary: 'Records that a processor rejected',
    query: { stream: text('One stream'), limit: LIMIT },
    answer: 'QuarantineAnswer',
  },
  'GET /api/v1/quarantine/:stream/:partition/:offset': {
    summary: 'One rejected record in full',
    answer: 'QuarantinedRecordAnswer',
  },
  'POST /api/v1/quarantine/:stream/:partition/:offset/replay': {
    summary: 'Appends the record to the log again',
    query: { force: oneOf('Also where it was replayed before', 'true', 'false') },
    answer: 'ReplayAnswer',
  },
  'GET /api/v1/lag': {
    summary: 'How far each processor is behind',
    query: {
      group: text('One processor'),
      stream: text('One stream'),
      newest: oneOf('Also the age of the newest rows', 'true', 'false'),
    },
    answer: 'LagAnswer',
  },
  'GET /api/v1/exports': { summary: 'How far exports as Parquet are', answer: 'ExportsAnswer' },
  'GET /api/v1/rules': { summary: 'Alert rules', answer: 'RulesAnswer' },
  'GET /api/v1/alerts': {
    summary: 'Alerts that are pending or firing',
    query: { limit: LIMIT },
    answer: 'AlertsAnswer',
  },
  'GET /api/v1/silences': { summary: 'Silences', answer: 'SilencesAnswer' },
  'POST /api/v1/silences': {
    summary: 'Adds or replaces a silence',
    body: {
      matchers: neededMember('object', 'Labels and their values'),
      ends_at: neededMember('string', 'End, ISO 8601'),
      starts_at: member('string', 'Start, ISO 8601'),
      comment: member('string', 'Why'),
      created_by: member('string', 'By whom'),
      id: member('string', 'Of the silence to replace'),
    },
    answer: 'SilenceAnswer',
  },
  'DELETE /api/v1/silences/:id': { summary: 'Ends a silence' },
  'GET /api/v1/deliveries': {
    summary: 'Attempts to deliver alert messages',
    query: { limit: LIMIT, outcome: oneOf('Outcome', 'delivered', 'failed', 'dead') },
    answer: 'DeliveriesAnswer',
  },
  'POST /api/v1/deliveries/:id/replay': { summary: 'Sends a message again', answer: 'DeliveryReplayAnswer' },
  'GET /api/v1/scaling': { summary: 'How many replicas policies want', answer: 'ScalingNumbers' },
  'GET /api/v1/scaling/:name': {
    summary: 'How many replicas a policy wants',
    query: { stale: oneOf('Whether a stale number is an answer', 'refuse', 'allow') },
    answer: 'ScalingNumber',
  },
  'GET /api/v1/scaling/:name/decisions': {
    summary: 'Decisions of a policy and what they led to',
    query: { limit: LIMIT, before: text('Older than this time') },
    answer: 'ScalingDecisionsAnswer',
  },
  'GET /api/v1/scaling/policies': { summary: 'Policies in force', answer: 'ScalingPoliciesAnswer' },
  'GET /api/v1/scaling/policies/:name': {
    summary: 'A policy and its history',
    answer: 'ScalingPolicyHistoryAnswer',
  },
  'PUT /api/v1/scaling/policies/:name': {
    summary: 'Puts a policy in force',
    body: { demand: neededMember('object', 'What demand is, and how much of it a replica serves') },
    answer: 'ScalingPolicyPutAnswer',
  },
  'DELETE /api/v1/scaling/policies/:name': { summary: 'Ends a policy', answer: 'ChangedAnswer' },
  'GET /api/v1/scaling/answers': { summary: 'Answers of all tenants' },
  'POST /api/v1/snapshots': { summary: 'Takes a snapshot for a backup', answer: 'SnapshotAnswer' },
  'GET /api/v1/snapshots/:id': { summary: 'Keeps a snapshot', answer: 'SnapshotAnswer' },
  'POST /api/v1/snapshots/:id/release': { summary: 'Drops a snapshot', answer: 'SnapshotAnswer' },
  'POST /api/v1/erasures': {
    summary: 'Erases a tenant',
    body: {
      tenant: neededMember('string', 'Tenant'),
      before: member('string', 'Only older data'),
      drop_unreadable: member('boolean', 'Also quarantined records that cannot be read'),
    },
    answer: 'ErasureAnswer',
  },
  'GET /api/v1/erasures': { summary: 'Erasures', answer: { list: 'ErasureAnswer' } },
  'GET /api/v1/erasures/:id': { summary: 'One erasure', answer: 'ErasureAnswer' },
}
