/** Routes of resources and their types. */
import { multiple, pathParameter, single } from '../../http/parameters.ts'
import type { AddRoute, OpenStackQuestion } from '../shared/api.ts'
import { type GnocchiParts, measuresOf, metricByName } from './metric-routes.ts'
import { GnocchiError, noSuch } from './model/failure.ts'
import type { GnocchiResource } from './model/resource.ts'
import { GENERIC, TYPE_NAMES, typeAttributes, typeShape } from './model/types.ts'
import { resourceUuid } from './model/uuids.ts'
import type { ResourceTest } from './search/filter.ts'
import { askedResources } from './search/question.ts'
import { pageOf } from './shape/paging.ts'
import { listedMetric, metricShape, resourceFields, resourceShape } from './shape/shapes.ts'

/** Lists, searches and shows resources. */
export function resourceRoutes(route: AddRoute, parts: GnocchiParts): void {
  for (const path of ['/v1/resource', '/v1/resource/'])
    route('GET', path, async ({ request }) => {
      const [base] = request.url.split('?')
      const href = `${request.protocol}://${request.host}${base!.replace(/\/$/, '')}`
      return Object.fromEntries(TYPE_NAMES.map(name => [name, `${href}/${name}`]))
    })
  route('GET', '/v1/resource/:resource_type', async asked => await listed(parts, asked, () => true))
  route('POST', '/v1/search/resource/:resource_type', async asked => {
    const type = askedType(asked)
    const { tenant: creator } = asked.identity
    return await listed(parts, asked, askedResources(asked, { type, creator, nowMs: parts.now() }))
  })
  route('GET', '/v1/resource/:resource_type/:id', async asked =>
    shapeOf(asked, await resourceOf(parts, asked)),
  )
  route('GET', '/v1/resource/:resource_type/:id/history', async asked =>
    // What a resource was before is not kept.
    [shapeOf(asked, await resourceOf(parts, asked))],
  )
  route('GET', '/v1/resource/:resource_type/:id/metric', async asked =>
    [...(await resourceOf(parts, asked)).metrics.values()].map(listedMetric),
  )
  route('GET', '/v1/resource/:resource_type/:id/metric/:name', async asked => {
    askedType(asked)
    return metricShape(await metricByName(parts, asked))
  })
  route('GET', '/v1/resource/:resource_type/:id/metric/:name/measures', async asked => {
    askedType(asked)
    return await measuresOf(parts, asked, await metricByName(parts, asked))
  })
  for (const path of ['/v1/resource_type', '/v1/resource_type/'])
    route('GET', path, async () => TYPE_NAMES.map(typeShape))
  route('GET', '/v1/resource_type/:resource_type', async asked => typeShape(askedType(asked)))
}

/** The type in the path. @throws GnocchiError */
export function askedType(asked: OpenStackQuestion): string {
  const type = pathParameter(asked, 'resource_type')
  if (TYPE_NAMES.includes(type)) return type
  throw noSuch('Resource type', type)
}

/** Resources of a type; every resource is of type generic, too. */
export const isOfType = (resource: GnocchiResource, type: string): boolean =>
  type === GENERIC || resource.type === type

async function resourceOf({ catalogues }: GnocchiParts, asked: OpenStackQuestion): Promise<GnocchiResource> {
  const type = askedType(asked)
  const id = resourceUuid(pathParameter(asked, 'id'), asked.identity.tenant)
  const found = await catalogues.found(asked.reader, asked.identity, ({ resources }) => resources.get(id))
  if (found !== undefined && isOfType(found, type)) return found
  throw noSuch('Resource', id)
}

const shapeOf = (asked: OpenStackQuestion, resource: GnocchiResource): object =>
  resourceShape(resource, {
    isDetailed: pathParameter(asked, 'resource_type') !== GENERIC || isTrue(asked, 'details'),
    members: multiple(asked.query, 'attrs'),
  })

async function listed(
  { catalogues }: GnocchiParts,
  asked: OpenStackQuestion,
  test: ResourceTest,
): Promise<readonly object[]> {
  const type = askedType(asked)
  isTrue(asked, 'history')
  const { resources } = await catalogues.all(asked.reader, asked.identity)
  const items = [...resources.values()].filter(one => isOfType(one, type) && test(one) === true)
  const own = typeAttributes(type)
  const page = pageOf(asked, {
    items,
    idOf: ({ id }) => id,
    valueOf: (one, name) => (own.includes(name) ? one.attributes[name] : resourceFields(one)[name]),
    attributes: [...SORTED_BY, ...own],
    sort: ['revision_start:asc', 'started_at:asc'],
  })
  return page.map(one => shapeOf(asked, one))
}

const SORTED_BY = [
  ...['id', 'type', 'creator', 'project_id', 'user_id', 'original_resource_id'],
  ...['started_at', 'ended_at', 'revision_start', 'revision_end'],
]

/** A parameter that is true or false. @throws GnocchiError */
export function isTrue({ query }: Pick<OpenStackQuestion, 'query'>, name: string): boolean {
  const text = single(query, name)
  if (text === undefined || text === '' || /^(false|f|no|n|off|0)$/i.test(text)) return false
  if (/^(true|t|yes|y|on|1)$/i.test(text)) return true
  throw new GnocchiError(400, `Unable to parse \`${name}': Unrecognized value '${text.slice(0, 100)}'`)
}
