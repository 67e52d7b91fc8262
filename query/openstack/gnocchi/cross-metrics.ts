/** The older way to compute over several metrics: `/v1/aggregation`. */
import { multiple, single } from '../../http/parameters.ts'
import type { OpenStackQuestion } from '../shared/api.ts'
import { compute, type NamedMetric } from './aggregates/compute.ts'
import { refuseMany } from './aggregates/most.ts'
import { type MeasureOperation, type Reference, reaggregationOf } from './aggregates/operations.ts'
import { computationOf } from './aggregates/question.ts'
import { askedSpan } from './measures/question.ts'
import { type GnocchiParts, metricsById } from './metric-routes.ts'
import { GnocchiError, invalidInput, noSuch } from './model/failure.ts'
import { methodOf } from './model/methods.ts'
import type { GnocchiMetric } from './model/resource.ts'
import { uuidOf } from './model/uuids.ts'
import { askedJson } from './search/question.ts'

/** Metrics that a parameter or the body names. */
export async function wantedMetrics(
  parts: GnocchiParts,
  asked: OpenStackQuestion,
): Promise<readonly GnocchiMetric[]> {
  const given = asked.request.method === 'GET' ? multiple(asked.query, 'metric') : askedJson(asked)
  const ids = Array.isArray(given) ? given.map(one => uuidOf(String(one))) : [undefined]
  if (ids.includes(undefined)) throw invalidInput('expected a list of ids of metrics')
  const unique = [...new Set(ids as readonly string[])]
  return await metricsById(parts, asked, unique, ([first = '']) => noSuch('Metric', first))
}

/** Measures of metrics, aggregated across these by `reaggregation`. */
export async function crossMetrics(
  parts: GnocchiParts,
  { query, reader, identity }: OpenStackQuestion,
  metrics: readonly GnocchiMetric[],
): Promise<readonly unknown[]> {
  refuseMany(metrics)
  const computed = computationOf(query, parts.now(), { fill: undefined, overlap: 100 })
  const method = single(query, 'aggregation') || 'mean'
  const resample = askedSpan(single(query, 'resample'), 'resample')
  if (resample !== undefined && !single(query, 'granularity'))
    throw new GnocchiError(400, 'A granularity must be specified to resample')
  const by = methodOf(method)
  if (by === undefined) throw noSuchMethod(metrics, method)
  const references = metrics.map(({ id }): Reference => ({ metric: id, method }))
  const measured: MeasureOperation = { kind: 'metric', references }
  const source: MeasureOperation =
    resample === undefined
      ? measured
      : { kind: 'resample', by: { ...by, isRate: false }, spanMs: resample, operand: measured }
  if (metrics.length === 0) return []
  const isOne = metrics.length === 1
  const operation: MeasureOperation = isOne
    ? source
    : { kind: 'aggregate', by: reaggregationOf(single(query, 'reaggregation') || method), operand: source }
  const named = metrics.map((metric, index): NamedMetric => ({ metric, reference: references[index]! }))
  const found = await compute(reader, identity.tenant, named, {
    ...computed,
    ...(isOne ? { fill: 'dropna' as const } : {}),
    operation,
  })
  return found.kind === 'aggregated' ? found.measures : found.ofMetrics[0]!
}

const noSuchMethod = (metrics: readonly GnocchiMetric[], method: string): GnocchiError =>
  new GnocchiError(404, {
    cause: 'Aggregation method does not exist for this metric',
    detail: { metric: metrics[0]?.id ?? null, aggregation_method: method.slice(0, 100) },
  })
