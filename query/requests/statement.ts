/** Requests as SQL: a typed question in, text and bound values out. */
import { REQUEST_AMOUNTS, REQUEST_COUNTS, requestSum } from '../../core/model/streams/request-energy.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import { REQUEST_DIMENSIONS, type RequestDimension, type RequestsQuestion } from './request.ts'

/** What amounts are kept apart by, whatever the question: none of these may be added to another. */
export const APART = ['Currency', 'IntensityKind', 'EnergyQuality', 'ModelPlace', 'Reason'] as const

/** A sum of one group and one of each of `APART`; 128-bit integers as text, null: not known. */
export type RequestSums = Readonly<
  Record<(typeof APART)[number] | `g_${string}`, string> & {
    readonly [Count in (typeof REQUEST_COUNTS)[number]['name']]: string
  } & { readonly [Amount in (typeof REQUEST_AMOUNTS)[number]['name']]: string | null }
>

/** Sums by what is asked for and by `APART`, in expressions of the table's projection. */
export function requestsStatement(question: RequestsQuestion, limit: number): ParameterizedSql {
  const keys = question.groupBy.map(name => `${REQUEST_DIMENSIONS[name]} AS g_${name}`)
  const sums = [...REQUEST_COUNTS, ...REQUEST_AMOUNTS].map(({ name }) => `toString(s_${name}) AS ${name}`)
  const inner = [
    ...keys,
    ...APART.map(name => `${name} AS k_${name}`),
    ...[...REQUEST_COUNTS, ...REQUEST_AMOUNTS].map(({ name }) => `${requestSum(name)} AS s_${name}`),
  ]
  const groups = [...question.groupBy.map(name => `g_${name}`), ...APART.map(name => `k_${name}`)]
  const { conditions, params } = conditionsOf(question)
  return {
    text:
      `SELECT ${[...question.groupBy.map(name => `toString(g_${name}) AS g_${name}`), ...APART.map(name => `toString(k_${name}) AS ${name}`), ...sums].join(', ')} ` +
      `FROM (SELECT ${inner.join(', ')} FROM ${tableName('request_energy')} WHERE ${conditions} GROUP BY ${groups.join(', ')}) ` +
      `LIMIT ${limit}`,
    params,
  }
}

function conditionsOf({ tenant, from, to, filters }: RequestsQuestion): {
  readonly conditions: string
  readonly params: Readonly<Record<string, QueryParam>>
} {
  const params: Record<string, QueryParam> = { tenant, from, to }
  const parts = [
    'Tenant = {tenant:String}',
    "WindowStart >= toDateTime({from:UInt32}, 'UTC')",
    "WindowStart < toDateTime({to:UInt32}, 'UTC')",
  ]
  const byDimension = Map.groupBy(filters, ({ dimension }) => dimension)
  for (const [dimension, some] of byDimension) {
    const name = `f_${dimension satisfies RequestDimension}`
    params[name] = some.map(({ value }) => value)
    parts.push(`has({${name}:Array(String)}, ${REQUEST_DIMENSIONS[dimension]})`)
  }
  return { conditions: parts.join(' AND '), params }
}
