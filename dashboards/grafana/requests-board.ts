import { type Board, chosen, type Variable } from './board.ts'

const SERVICE: Variable = {
  name: 'served_by',
  label: 'Service',
  column: 'Service',
  sql: "SELECT DISTINCT Service FROM request_energy WHERE WindowStart >= $__fromTime AND Service != ''",
}

const IN_TIME = 'WindowStart >= $__fromTime AND WindowStart <= $__toTime'
const IS_SERVED = `${IN_TIME} AND ${chosen(SERVICE)} AND Service != ''`
/** A minute's energy comes with the minute, requests with their beginning: single minutes may have one without the other. */
const REQUESTS = 'nullIf(sum(Requests), 0)'

/** Energy, carbon and cost of requests, from the shares of spans in what their workloads used. */
export const requestsBoard: Board = {
  uid: 'wattline-requests',
  title: 'Wattline: energy of requests',
  description:
    'What a request takes by service and operation, and 1,000 tokens by model. Energy of workloads is shared over their spans.',
  from: 'now-3h',
  interval: '1m',
  variables: [SERVICE],
  panels: [
    {
      title: 'Energy of a request',
      description: 'Average over all requests of the selected services. Empty: there were none.',
      kind: 'stat',
      unit: 'joule',
      w: 8,
      h: 4,
      sql: `SELECT sum(EnergyUj) / 1e6 / ${REQUESTS} AS energy FROM request_energy WHERE ${IS_SERVED}`,
    },
    {
      title: 'Carbon of a request',
      description: 'Operational and embodied, as far as both are known.',
      kind: 'stat',
      unit: 'massg',
      w: 8,
      h: 4,
      sql: `SELECT (sum(CarbonOperationalUg) + ifNull(sum(CarbonEmbodiedUg), 0)) / 1e6 / ${REQUESTS} AS carbon
FROM request_energy WHERE ${IS_SERVED}`,
    },
    {
      title: 'Cost of 1,000 requests',
      description: 'Energy and resources, by currency.',
      kind: 'stat',
      w: 8,
      h: 4,
      sql: `SELECT Currency AS currency, (sum(CostEnergyNano) + ifNull(sum(CostResourceNano), 0)) / 1e6 / ${REQUESTS} AS cost
FROM request_energy WHERE ${IS_SERVED} GROUP BY currency`,
    },
    {
      title: 'Power of services',
      description: 'Energy of the spans of a service by the length of the interval.',
      kind: 'timeseries',
      unit: 'watt',
      isStacked: true,
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(WindowStart) AS time, Service AS service, sum(EnergyUj) / 1e6 / $__interval_s AS power
FROM request_energy WHERE ${IS_SERVED} GROUP BY time, service ORDER BY time`,
    },
    {
      title: 'Energy of a request by service',
      description: 'Energy of an interval by the requests that began in it.',
      kind: 'timeseries',
      unit: 'joule',
      w: 12,
      h: 9,
      sql: `SELECT $__timeInterval(WindowStart) AS time, Service AS service, sum(EnergyUj) / 1e6 / ${REQUESTS} AS energy
FROM request_energy WHERE ${IS_SERVED} GROUP BY time, service ORDER BY time`,
    },
    {
      title: 'Operations',
      description:
        'What a request takes by operation. Empty means unknown: the energy has no price or no factor.',
      kind: 'table',
      w: 24,
      h: 10,
      units: { energy_per_request: 'joule', carbon_per_request: 'massg', energy: 'joule' },
      sql: `SELECT Service AS service, Operation AS operation, SpanKind AS kind, Currency AS currency, sum(Requests) AS requests, sum(Spans) AS spans,
  sum(EnergyUj) / 1e6 AS energy, sum(EnergyUj) / 1e6 / ${REQUESTS} AS energy_per_request,
  (sum(CarbonOperationalUg) + ifNull(sum(CarbonEmbodiedUg), 0)) / 1e6 / ${REQUESTS} AS carbon_per_request,
  (sum(CostEnergyNano) + ifNull(sum(CostResourceNano), 0)) / 1e6 / ${REQUESTS} AS cost_per_1000_requests
FROM request_energy WHERE ${IS_SERVED}
GROUP BY service, operation, kind, currency ORDER BY energy DESC LIMIT 500`,
    },
    {
      title: 'Models',
      description: 'What 1,000 tokens take, in and out, of services that report gen_ai.usage.*',
      kind: 'table',
      w: 12,
      h: 9,
      units: { energy_per_1000_tokens: 'joule', carbon_per_1000_tokens: 'massg' },
      sql: `SELECT Model AS model, ModelPlace AS place, Currency AS currency, sum(InputTokens) AS tokens_in, sum(OutputTokens) AS tokens_out,
  sum(EnergyUj) / 1e3 / nullIf(sum(InputTokens + OutputTokens), 0) AS energy_per_1000_tokens,
  (sum(CarbonOperationalUg) + ifNull(sum(CarbonEmbodiedUg), 0)) / 1e3 / nullIf(sum(InputTokens + OutputTokens), 0) AS carbon_per_1000_tokens,
  (sum(CostEnergyNano) + ifNull(sum(CostResourceNano), 0)) / 1e6 / nullIf(sum(InputTokens + OutputTokens), 0) AS cost_per_1000_tokens
FROM request_energy WHERE ${IS_SERVED} AND Model != ''
GROUP BY model, place, currency ORDER BY sum(EnergyUj) DESC LIMIT 100`,
    },
    {
      title: 'Energy of no request',
      description:
        'Energy of minutes in which no span of the workload ran, and spans whose workload is not known.',
      kind: 'table',
      w: 12,
      h: 9,
      units: { energy: 'joule' },
      sql: `SELECT Reason AS reason, Namespace AS namespace, WorkloadName AS workload, sum(EnergyUj) / 1e6 AS energy, sum(Spans) AS spans
FROM request_energy WHERE ${IN_TIME} AND Reason != '' GROUP BY reason, namespace, workload ORDER BY energy DESC LIMIT 100`,
    },
  ],
}
