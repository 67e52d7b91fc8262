/** Routes of metrics and their measures. */

import { pathParameter, single } from '../../http/parameters.ts'
import type { AddRoute, OpenStackQuestion } from '../shared/api.ts'
import type { Catalogues } from './catalogue/catalogues.ts'
import { aggregationOf, askedBuckets, askedSpan, spanQuestion } from './measures/question.ts'
import { readMeasures } from './measures/read.ts'
import { resampled } from './measures/resample.ts'
import { argumentError, GnocchiError, noSuch } from './model/failure.ts'
import type { AggregationMethod } from './model/methods.ts'
import { ARCHIVE_POLICY_NAME } from './model/policy.ts'
import type { GnocchiMetric } from './model/resource.ts'
import { resourceUuid, uuidOf } from './model/uuids.ts'
import { pageOf } from './shape/paging.ts'
import { listedMetric, measuresShape, metricShape } from './shape/shapes.ts'

/** What routes of this API get. */
export interface GnocchiParts {
  readonly catalogues: Catalogues
  readonly now: () => number
}

/** JSON. */
export const FIELDS = ['id', 'name', 'unit', 'creator', 'resource_id', 'archive_policy_name'] as const

const fieldOf = (metric: GnocchiMetric, name: string): string | null | undefined =>
  ({
    id: metric.id,
    name: metric.name,
    unit: metric.unit,
    creator: metric.resource.creator,
    resource_id: metric.resource.id,
    archive_policy_name: ARCHIVE_POLICY_NAME,
  })[name]

/** Lists, shows and reads metrics. */
export function gnocchiMetricRoutes(route: AddRoute, parts: GnocchiParts): void {
  for (const path of ['/v1/metric', '/v1/metric/'])
    route('GET', path, async asked => {
      const { metrics } = await parts.catalogues.all(asked.reader, asked.identity)
      const items = [...metrics.values()].filter(metric => isListed(asked, metric))
      const page = pageOf(asked, {
        items,
        idOf: ({ id }) => id,
        valueOf: fieldOf,
        attributes: FIELDS,
        sort: ['id:asc'],
      })
      return page.map(listedMetric)
    })
  route('GET', '/v1/metric/:id', async asked => metricShape(await metricById(parts, asked)))
  route(
    'GET',
    '/v1/metric/:id/measures',
    async asked => await measuresOf(parts, asked, await metricById(parts, asked)),
  )
}

/** Parameters that narrow a list; `user_id` and `project_id` are those of the creator. */
function isListed({ query }: OpenStackQuestion, metric: GnocchiMetric): boolean {
  for (const name of FIELDS) {
    const wanted = single(query, name)
    if (wanted !== undefined && fieldOf(metric, name) !== wanted) return false
  }
  const status = single(query, 'status')
  if (status !== undefined && status !== 'active' && status !== 'delete')
    throw new GnocchiError(400, `Invalid input: not a valid value for dictionary value @ data['status']`)
  const [user, project] = [single(query, 'user_id'), single(query, 'project_id')]
  const isOfCreator =
    (user === undefined && project === undefined) ||
    metric.resource.creator === `${user ?? ''}:${project ?? ''}`
  return status !== 'delete' && isOfCreator
}

async function metricById({ catalogues }: GnocchiParts, asked: OpenStackQuestion): Promise<GnocchiMetric> {
  const text = pathParameter(asked, 'id')
  const id = uuidOf(text)
  const found =
    id === undefined
      ? undefined
      : await catalogues.found(asked.reader, asked.identity, ({ metrics }) => metrics.get(id))
  if (found === undefined) throw noSuch('Metric', text)
  return found
}

/** Metrics in the order of their ids. `failure`: the error for those that do not exist. */
export async function metricsById(
  { catalogues }: GnocchiParts,
  { reader, identity }: OpenStackQuestion,
  ids: readonly string[],
  failure: (missing: readonly string[]) => GnocchiError,
): Promise<readonly GnocchiMetric[]> {
  let missing: readonly string[] = []
  const found = await catalogues.found(reader, identity, ({ metrics }) => {
    missing = ids.filter(id => !metrics.has(id))
    return missing.length === 0 ? ids.map(id => metrics.get(id)!) : undefined
  })
  if (found !== undefined) return found
  throw failure(missing)
}

/** The metric of a resource by its name. @throws GnocchiError */
export async function metricByName(
  { catalogues }: GnocchiParts,
  asked: OpenStackQuestion,
): Promise<GnocchiMetric> {
  const { reader, identity } = asked
  const id = resourceUuid(pathParameter(asked, 'id'), identity.tenant)
  const name = pathParameter(asked, 'name')
  const found = await catalogues.found(reader, identity, ({ resources }) =>
    resources.get(id)?.metrics.get(name),
  )
  if (found !== undefined) return found
  const resource = await catalogues.found(reader, identity, ({ resources }) => resources.get(id))
  throw resource === undefined ? noSuch('Resource', id) : noSuch('Metric', name)
}

/** Measures of a metric as they are asked for: the coarsest granularity first. */
export async function measuresOf(
  { now }: GnocchiParts,
  { query, reader, identity }: OpenStackQuestion,
  metric: GnocchiMetric,
): Promise<readonly unknown[]> {
  const question = spanQuestion(query, now())
  const method = aggregationOf(query)
  const resample = askedSpan(single(query, 'resample'), 'resample')
  if (resample !== undefined && question.granularityMs === undefined)
    throw new GnocchiError(400, 'A granularity must be specified to resample')
  checkRefresh(single(query, 'refresh'))
  if (method === undefined) throw unknownMethod(metric, single(query, 'aggregation') ?? '')
  const parts: unknown[] = []
  for (const buckets of askedBuckets(question, now())) {
    const [found] = await readMeasures(reader, identity.tenant, [metric], method, buckets)
    parts.push(
      ...(resample === undefined
        ? measuresShape(found!, buckets.bucketMs)
        : measuresShape(resampled(found!, resample, resampleMethod(method)), resample)),
    )
  }
  return parts
}

/** A rate was taken already. */
const resampleMethod = (method: AggregationMethod): AggregationMethod => ({ ...method, isRate: false })

const unknownMethod = (metric: GnocchiMetric, name: string): GnocchiError =>
  new GnocchiError(404, {
    cause: 'Aggregation method does not exist for this metric',
    detail: { metric: metric.id, aggregation_method: name.slice(0, 100) },
  })

/** Points are there as soon as they are stored: there is nothing to wait for. */
function checkRefresh(text: string | undefined): void {
  if (text === undefined || /^(true|false|t|f|yes|no|y|n|on|off|1|0)$/i.test(text)) return
  throw argumentError('refresh', `Unrecognized value '${text.slice(0, 100)}'`)
}
