/** A question about allocations as SQL over the ledger: text, and bound values. */
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import { ALLOCATED, AMOUNTS, SHOWN, USES } from './cells.ts'
import { type Bind, conditionSql, IDLE, nameExpression, PROPERTIES } from './properties.ts'
import type { AllocationRequest } from './request.ts'

/** Rows of one answer, all steps together. */
export const CELLS_MAX = 200_000

/** Whether amounts of allocations that the filter leaves out matter, too: others take a share of what they would take. */
export const isShared = (request: AllocationRequest): boolean =>
  request.shareIdle !== 'none' ||
  request.shareCostNano > 0n ||
  ('or' in request.shared && request.shared.or.length > 0)

const IS_IDLE = "(Share = 'idle' AND WorkloadKind = '')"
const RESOURCE = "transform(Component, ['cpu', 'dram', 'gpu'], ['cpu', 'ram', 'gpu'], 'other')"
const FACTS = [...SHOWN, 'service', 'providerID'] as const

/**
 * The inner statement sums by workload, since the larger of use and reservation is that of each workload; the outer one by allocation.
 * Names are compared where they are made, so that no more rows leave the engine than the answer needs.
 */
export function allocationStatement(request: AllocationRequest): ParameterizedSql {
  const params: Record<string, QueryParam> = {
    tenant: request.tenant,
    from: request.window.from,
    to: request.window.to,
  }
  const bind: Bind = value => {
    const name = `v${Object.keys(params).length}`
    params[name] = value
    return `{${name}:String}`
  }
  const kept = keptText(request, bind)
  const keys = [
    `${stepText(request, params)} AS step`,
    `${nameText(request, bind)} AS name`,
    `${request.idleByNode ? PROPERTIES.node : "''"} AS node_key`,
    `if(${IS_IDLE}, 'idle', if(${conditionSql(request.shared, bind)}, 'shared', 'plain')) AS kind`,
    `${isShared(request) ? kept : 'toUInt8(1)'} AS kept`,
    `${RESOURCE} AS resource`,
    'Currency AS currency',
  ]
  const names = keys.map(key => key.slice(key.lastIndexOf(' ') + 1))
  const sums = Object.entries({ ...AMOUNTS, ...USES })
  const inner = [
    ...keys,
    ...['WorkloadKind', 'WorkloadId', 'Host'],
    ...sums.map(([name, sum]) => `${sum} AS s_${name}`),
    ...FACTS.map(name => `any(${PROPERTIES[name]}) AS f_${name}`),
    `${withLabels(request) ? 'any(Labels)' : "map('', '')"} AS labels`,
    'min(WindowStart) AS first',
    'max(WindowStart) AS last',
  ]
  const outer = [
    ...names,
    ...sums.map(([name]) => `sum(s_${name}) AS ${name}`),
    ...Object.entries(ALLOCATED).map(
      ([name, [use, request]]) => `sum(greatest(s_${use}, s_${request})) AS ${name}`,
    ),
    ...FACTS.map(name => `if(min(f_${name}) = max(f_${name}), min(f_${name}), '') AS p_${name}`),
    'any(labels) AS p_labels',
    'toUnixTimestamp(min(first)) AS first_at',
    'toUnixTimestamp(max(last)) AS last_at',
  ]
  const where = [
    'Tenant = {tenant:String}',
    "WindowStart >= toDateTime({from:UInt32}, 'UTC') AND WindowStart < toDateTime({to:UInt32}, 'UTC')",
    ...(isShared(request) ? [] : [kept]),
    ...(request.includeIdle || request.shareIdle !== 'none' ? [] : [`NOT ${IS_IDLE}`]),
  ].join(' AND ')
  return {
    text:
      `SELECT ${outer.join(', ')} FROM (SELECT ${inner.join(', ')} FROM ${tableName('ledger')} WHERE ${where} ` +
      `GROUP BY ${[...names, 'WorkloadKind', 'WorkloadId', 'Host'].join(', ')}) ` +
      `GROUP BY ${names.join(', ')} LIMIT ${CELLS_MAX + 1}`,
    params,
  }
}

/** Labels are shown where an allocation is one container or pod, or on request. */
const withLabels = ({ aggregate, includeMetadata }: AllocationRequest): boolean =>
  includeMetadata || aggregate.length === 0 || aggregate.includes('container') || aggregate.includes('pod')

function keptText(request: AllocationRequest, bind: Bind): string {
  const filter = conditionSql(request.filter, bind)
  if (request.accounts === null) return filter
  return `(${filter} AND Account IN [${request.accounts.map(bind).join(', ') || "''"}])`
}

/** Index of the step that a minute lies in. */
function stepText(request: AllocationRequest, params: Record<string, QueryParam>): string {
  const time = 'toUnixTimestamp(WindowStart)'
  if (request.steps.length === 1) return 'toInt64(0)'
  if (request.stepSeconds !== null) return `intDiv(${time} - {from:UInt32}, ${request.stepSeconds})`
  params['edges'] = request.steps.map(({ from }) => from)
  return `arrayLastIndex(edge -> edge <= ${time}, {edges:Array(UInt32)}) - 1`
}

const DEFAULT_NAME = ['cluster', 'node', 'namespace', 'pod', 'container']

function nameText(request: AllocationRequest, bind: Bind): string {
  const words = request.aggregate.length === 0 ? DEFAULT_NAME : request.aggregate
  const parts = words.map(word => nameExpression(word, bind))
  const joined = parts.length === 1 ? parts[0]! : `concat(${parts.join(", '/', ")})`
  return `if(${IS_IDLE}, '${IDLE}', ${joined})`
}
