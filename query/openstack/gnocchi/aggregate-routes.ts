/** Routes that compute over several metrics. */
import { pathParameter } from '../../http/parameters.ts'
import type { AddRoute, OpenStackQuestion } from '../shared/api.ts'
import { type Computation, type Computed, compute, type NamedMetric } from './aggregates/compute.ts'
import { groupAttributes, groupsBy } from './aggregates/groups.ts'
import { refuseMany } from './aggregates/most.ts'
import { type MeasureOperation, operationOf, type Reference, referencesIn } from './aggregates/operations.ts'
import { computationOf } from './aggregates/question.ts'
import { metricWildcard } from './aggregates/wildcard.ts'
import { crossMetrics, wantedMetrics } from './cross-metrics.ts'
import { type GnocchiParts, metricsById } from './metric-routes.ts'
import { GnocchiError, invalidInput, noSuch } from './model/failure.ts'
import type { GnocchiResource } from './model/resource.ts'
import { TYPE_NAMES } from './model/types.ts'
import { uuidOf } from './model/uuids.ts'
import { askedType, isOfType, isTrue } from './resource-routes.ts'
import { type ResourceTest, resourceTest } from './search/filter.ts'
import { filterOfText } from './search/filter-text.ts'
import { askedJson, askedResources } from './search/question.ts'
import { metricShape, resourceShape } from './shape/shapes.ts'

/** `/v1/aggregates`, and the older `/v1/aggregation`. */
export function aggregateRoutes(route: AddRoute, parts: GnocchiParts): void {
  for (const path of ['/v1/aggregates', '/v1/aggregates/'])
    route('POST', path, async asked => await aggregates(parts, asked))
  route(
    ['GET', 'POST'],
    '/v1/aggregation/metric',
    async asked => await crossMetrics(parts, asked, await wantedMetrics(parts, asked)),
  )
  route('POST', '/v1/aggregation/resource/:resource_type/metric/:name', async asked => {
    const type = askedType(asked)
    const test = askedResources(asked, { type, creator: asked.identity.tenant, nowMs: parts.now() })
    const name = pathParameter(asked, 'name')
    const ofGroup = (resources: readonly GnocchiResource[]) =>
      crossMetrics(
        parts,
        asked,
        resources.flatMap(one => one.metrics.get(name) ?? []),
      )
    const resources = await wantedResources(parts, asked, type, test)
    const groupBy = groupAttributes(asked.query, type)
    if (groupBy.length === 0) return await ofGroup(resources)
    const groups: object[] = []
    for (const { group, members } of groupsBy(resources, groupBy))
      groups.push({ group, measures: await ofGroup(members) })
    return groups
  })
}

interface Body {
  readonly operation: MeasureOperation
  readonly resources: { readonly type: string; readonly test: ResourceTest } | null
}

function bodyOf(asked: OpenStackQuestion, nowMs: number): Body {
  const body = askedJson(asked)
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !('operations' in body))
    throw invalidInput("required key not provided @ data['operations']")
  const { operations, resource_type: type, search, ...rest } = body as Readonly<Record<string, unknown>>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalidInput(`extra keys not allowed @ data['${unknown.slice(0, 100)}']`)
  const operation = operationOf(operations)
  if (type === undefined && search === undefined) return { operation, resources: null }
  if (typeof type !== 'string' || !TYPE_NAMES.includes(type))
    throw new GnocchiError(400, `Resource type ${String(type).slice(0, 100)} does not exist`)
  const tree = typeof search === 'string' ? filterOfText(search) : search
  const test = resourceTest(tree ?? {}, { type, creator: asked.identity.tenant, nowMs })
  return { operation, resources: { type, test } }
}

async function aggregates(parts: GnocchiParts, asked: OpenStackQuestion): Promise<unknown> {
  const nowMs = parts.now()
  const isDetailed = isTrue(asked, 'details')
  // Resources have one revision, so their history changes nothing.
  isTrue(asked, 'use_history')
  const { operation, resources } = bodyOf(asked, nowMs)
  const references = referencesIn(operation)
  if (references.length === 0)
    throw new GnocchiError(400, {
      cause: 'Operations is invalid',
      reason: "At least one 'metric' is required",
      detail: [],
    })
  const computation = { operation, ...computationOf(asked.query, nowMs, { fill: 'dropna', overlap: 100 }) }
  if (resources === null) return await ofMetrics(parts, asked, references, { computation, isDetailed })
  const found = await wantedResources(parts, asked, resources.type, resources.test)
  const answer = (some: readonly GnocchiResource[]) =>
    ofResources(asked, some, references, { computation, isDetailed })
  const groupBy = groupAttributes(asked.query, resources.type)
  if (groupBy.length === 0) {
    const measures = await answer(found)
    if (measures === undefined) throw noMetric(references)
    return measures
  }
  const groups: object[] = []
  for (const { group, members } of groupsBy(found, groupBy)) {
    const measures = await answer(members)
    if (measures !== undefined) groups.push({ group, measures })
  }
  if (groups.length === 0) throw noMetric(references)
  return groups
}

/** In the words of Python. */
const noMetric = (references: readonly Reference[]): GnocchiError => {
  const names = [...new Set(references.map(({ metric }) => metric))].toSorted()
  return noSuch('Metric', `[${names.map(name => `'${name}'`).join(', ')}]`)
}

interface Options {
  readonly computation: Computation
  readonly isDetailed: boolean
}

async function ofMetrics(
  parts: GnocchiParts,
  asked: OpenStackQuestion,
  references: readonly Reference[],
  { computation, isDetailed }: Options,
): Promise<object> {
  const ids = references.map(({ metric }) => {
    const id = uuidOf(metric)
    if (id !== undefined) return id
    throw new GnocchiError(400, {
      cause: 'Invalid metric references',
      reason: 'badly formed hexadecimal UUID string',
      detail: references.map(one => [one.metric, one.method]),
    })
  })
  const metrics = await metricsById(parts, asked, ids, unknownMetrics)
  const named = references.map((reference, index): NamedMetric => ({ reference, metric: metrics[index]! }))
  const computed = await compute(asked.reader, asked.identity.tenant, named, computation)
  return {
    measures: measuresShape(computed, named, ({ metric, reference }) => [metric.id, reference.method]),
    ...(isDetailed ? { references: [...new Set(metrics)].map(metricShape) } : {}),
  }
}

const unknownMetrics = (ids: readonly string[]): GnocchiError =>
  new GnocchiError(404, {
    cause: 'Unknown metrics',
    reason: "Provided metrics don't exists",
    detail: [...new Set(ids)],
  })

/** Undefined where the resources have no such metric. */
async function ofResources(
  { reader, identity }: OpenStackQuestion,
  resources: readonly GnocchiResource[],
  references: readonly Reference[],
  { computation, isDetailed }: Options,
): Promise<object | undefined> {
  const patterns = references.map(reference => ({ reference, fits: metricWildcard(reference.metric) }))
  const named = resources.flatMap(resource =>
    patterns.flatMap(({ reference, fits }) =>
      [...resource.metrics.values()]
        .filter(({ name }) => fits(name))
        .map((metric): NamedMetric => ({ metric, reference })),
    ),
  )
  if (named.length === 0) return undefined
  refuseMany(named)
  const computed = await compute(reader, identity.tenant, named, computation)
  const used = [...new Set(named.map(({ metric }) => metric.resource))]
  return {
    measures: measuresShape(computed, named, ({ metric, reference }) => [
      metric.resource.id,
      metric.name,
      reference.method,
    ]),
    ...(isDetailed
      ? { references: used.map(one => resourceShape(one, { isDetailed: true, members: [] })) }
      : {}),
  }
}

type MeasureTree = { [name: string]: MeasureTree | readonly unknown[] }

/** Measures by the names of what they are of. */
function measuresShape(
  computed: Computed,
  named: readonly NamedMetric[],
  pathOf: (one: NamedMetric) => readonly string[],
): MeasureTree {
  if (computed.kind === 'aggregated') return { aggregated: computed.measures }
  const tree: MeasureTree = {}
  for (const [index, measures] of computed.ofMetrics.entries()) {
    const path = pathOf(named[index]!)
    let at = tree
    for (const name of path.slice(0, -1)) {
      const next = (at[name] ?? {}) as MeasureTree
      at[name] = next
      at = next
    }
    at[path.at(-1)!] = measures
  }
  return tree
}

async function wantedResources(
  { catalogues }: GnocchiParts,
  { reader, identity }: OpenStackQuestion,
  type: string,
  test: ResourceTest,
): Promise<readonly GnocchiResource[]> {
  const { resources } = await catalogues.all(reader, identity)
  return [...resources.values()].filter(one => isOfType(one, type) && test(one) === true)
}
