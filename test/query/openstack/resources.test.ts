/**
 * Guarantees: resources have the type, project and metrics that the tables say; filters of Gnocchi's query language find what they
 * say, in both forms, with null as in SQL; pages and errors are Gnocchi's.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resourceUuid } from '../../../query/openstack/gnocchi/model/uuids.ts'
import type { Api } from '../prometheus/support/api.ts'
import { openWorld, PROJECT, VM, VM2 } from './support/world.ts'

interface Shown {
  readonly id: string
  readonly type: string
  readonly original_resource_id: string
  readonly metrics: Readonly<Record<string, string>>
}
let api: Api
const idOf = (original: string): string => resourceUuid(original, 'default')

beforeAll(async () => {
  api = await openWorld()
})
afterAll(async () => await api.close())

const get = async <Body>(path: string): Promise<Body> => JSON.parse((await api.get(path)).text) as Body
async function search(filter: unknown, type = 'generic', query = ''): Promise<readonly Shown[] | object> {
  const answer = await fetch(`${api.base}/gnocchi/v1/search/resource/${type}?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(filter === undefined ? {} : { body: JSON.stringify(filter) }),
  })
  return (await answer.json()) as readonly Shown[]
}
const named = (found: readonly Shown[] | object): unknown =>
  Array.isArray(found)
    ? (found as Shown[]).map(({ original_resource_id: original }) => original).toSorted()
    : found

it('lists resources with their types and metrics', async () => {
  const all = await get<readonly Shown[]>('/v1/resource/generic')
  expect(Object.fromEntries(all.map(one => [one.original_resource_id, one.type]))).toEqual({
    [VM]: 'instance',
    [VM2]: 'instance',
    cmp001: 'ipmi',
    'host:cmp001': 'host',
    'web@a:1': 'service',
  })
  const [vm] = (await get<readonly Shown[]>('/v1/resource/instance')).filter(({ id }) => id === VM)
  expect(vm).toEqual({
    id: VM,
    creator: 'default',
    started_at: '2026-11-20T12:00:00+00:00',
    revision_start: '2026-11-20T12:00:00+00:00',
    ended_at: null,
    user_id: 'u1',
    project_id: PROJECT,
    original_resource_id: VM,
    type: 'instance',
    revision_end: null,
    created_by_user_id: 'default',
    created_by_project_id: '',
    display_name: 'name-web',
    host: 'cmp001',
    namespace: 'shop',
    zone: 'DE',
    metrics: expect.objectContaining({
      cpu: expect.any(String),
      'memory.usage': expect.any(String),
      wattline_energy_joules: expect.any(String),
      wattline_cost_eur: expect.any(String),
    }),
  })
  expect(await get(`/v1/resource/instance/${VM}`)).toEqual(vm)
  expect(await get(`/v1/resource/instance/${VM}/history`)).toEqual([vm])
  expect(await get(`/v1/resource/generic/${VM}?attrs=id&attrs=type`)).toEqual({ id: VM, type: 'instance' })
  expect(await get(`/v1/resource/host/host:cmp001`)).toMatchObject({ host_name: 'cmp001', zone: 'DE' })
  expect(await get(`/v1/resource/generic/${VM}/metric`)).toHaveLength(7)
  expect(await get(`/v1/resource/generic/${VM}/metric/cpu`)).toMatchObject({
    name: 'cpu',
    resource: { id: VM },
  })
  expect(Object.keys(await get<object>('/v1/resource'))).toContain('instance_disk')
  expect(await get('/v1/resource_type/instance')).toMatchObject({ attributes: { host: { type: 'string' } } })
})

it.each([
  ['/v1/resource/nothing', 'Resource type nothing does not exist'],
  ['/v1/resource_type/nothing', 'Resource type nothing does not exist'],
  ['/v1/resource/generic/x', `Resource ${idOf('x')} does not exist`],
  [`/v1/resource/volume/${VM}`, `Resource ${VM} does not exist`],
  [`/v1/resource/generic/${VM}/metric/x`, 'Metric x does not exist'],
  ['/v1/resource/generic/x/metric/x', `Resource ${idOf('x')} does not exist`],
])('%s: %s', async (path, description) => {
  expect(await get(path)).toEqual({ code: 404, title: 'Not Found', description })
})

const BOTH = [VM, VM2].toSorted()
describe('filters', () => {
  it.each<readonly [string, unknown, unknown]>([
    [`project_id="${PROJECT}"`, { '=': { project_id: PROJECT } }, [VM]],
    [`id=${VM}`, { eq: { id: VM } }, [VM]],
    [`id = "cmp001"`, { '==': { id: 'cmp001' } }, ['cmp001']],
    [
      `project_id != 'p2'`,
      { '!=': { project_id: 'p2' } },
      [VM, 'cmp001', 'host:cmp001', 'web@a:1'].toSorted(),
    ],
    ['project_id = null', { '=': { project_id: null } }, ['cmp001', 'host:cmp001', 'web@a:1']],
    // As in SQL, what is not known is neither.
    ['not project_id = p2', { not: { '=': { project_id: 'p2' } } }, [VM]],
    [
      'type = instance and not (project_id = p2 or user_id = nobody)',
      {
        and: [
          { '=': { type: 'instance' } },
          { not: { or: [{ '=': { project_id: 'p2' } }, { '=': { user_id: 'nobody' } }] } },
        ],
      },
      [VM],
    ],
    [
      'type = host or type = ipmi and id = "nothing"',
      { or: [{ '=': { type: 'host' } }, { and: [{ '=': { type: 'ipmi' } }, { '=': { id: 'nothing' } }] }] },
      ['host:cmp001'],
    ],
    [`id in [${VM}, "${VM2}"]`, { in: { id: [VM, VM2] } }, BOTH],
    [
      'original_resource_id like "%cmp___"',
      { like: { original_resource_id: '%cmp___' } },
      ['cmp001', 'host:cmp001'],
    ],
    [
      'original_resource_id like "%:%1"',
      { like: { original_resource_id: '%:%1' } },
      ['host:cmp001', 'web@a:1'],
    ],
    [
      'started_at > "2026-11-20T12:00:00" ∧ type ≠ ipmi',
      { and: [{ '>': { started_at: '2026-11-20T12:00:00' } }, { ne: { type: 'ipmi' } }] },
      ['web@a:1'],
    ],
    [
      'started_at < "2026-11-20T12:00:01" and type != instance',
      { and: [{ lt: { started_at: '2026-11-20T12:00:01' } }, { '≠': { type: 'instance' } }] },
      ['cmp001', 'host:cmp001'],
    ],
    ['ended_at = null', { '=': { ended_at: null } }, [...BOTH, 'cmp001', 'host:cmp001'].toSorted()],
    [
      'ended_at >= "2026-11-20" and lifespan < 1',
      { and: [{ '>=': { ended_at: '2026-11-20' } }, { '<': { lifespan: '1 s' } }] },
      ['web@a:1'],
    ],
    [
      'created_by_user_id = default and type = host',
      { and: [{ '=': { created_by_user_id: 'default' } }, { '=': { type: 'host' } }] },
      ['host:cmp001'],
    ],
  ])('%s', async (text, tree, expected) => {
    expect(named(await search(tree))).toEqual(expected)
    expect(named(await search(undefined, 'generic', `filter=${encodeURIComponent(text)}`))).toEqual(expected)
  })

  it('of attributes of the type alone', async () => {
    expect(named(await search({ like: { display_name: 'name-m%' } }, 'instance'))).toEqual([VM2])
    expect(await search({ '=': { display_name: 'x' } })).toEqual({
      code: 400,
      title: 'Bad Request',
      description: 'Resource type generic has no display_name attribute',
    })
  })

  it.each<readonly [unknown, string]>([
    [[], 'expected a dictionary'],
    [{ '=': { a: 1 }, '<': { a: 1 } }, 'expected a dictionary with one operator'],
    [{ '=': 'x' }, 'extra keys not allowed'],
    [{ '=': { id: [1] } }, 'not a value'],
    [{ and: [] }, 'expected a list'],
    [{ in: { id: 'x' } }, 'expected a list'],
    [{ '~': { id: 'x' } }, "Unknown operator `~'"],
    [{ '<': { started_at: 'whenever' } }, "Invalid value: `whenever' for field `started_at'"],
    [Array.from({ length: 200 }).reduce<unknown>(inner => ({ not: inner }), {}), 'nested too deep'],
  ])('refuse %j', async (tree, words) => {
    expect(await search(tree)).toMatchObject({ code: 400, description: expect.stringContaining(words) })
  })

  it.each([
    ['id', 'an operator, at char 2'],
    ['id =', 'a value, at char 4'],
    ['(id = 1', "')', at char 7"],
    ['id = 1 id', 'the end of the filter, at char 7'],
    ['id = #', 'a filter, at char 5'],
    ['id in [1', "',' or ']', at char 8"],
    [`${'('.repeat(200)}`, 'fewer parentheses'],
  ])('refuse the text %s', async (text, words) => {
    expect(await search(undefined, 'generic', `filter=${encodeURIComponent(text)}`)).toMatchObject({
      description: expect.stringContaining(words),
    })
  })

  it('need JSON', async () => {
    const answer = await fetch(`${api.base}/v1/search/resource/generic`, { method: 'POST', body: '{' })
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { description: { cause: 'Unable to decode body' } },
    ])
  })
})

it('lists page by page, sorted', async () => {
  const order = async (query: string): Promise<unknown> => named2(await get(`/v1/resource/generic?${query}`))
  const named2 = (found: readonly Shown[]): unknown => found.map(one => one.original_resource_id)
  expect(await order('sort=original_resource_id:desc&limit=2')).toEqual(['web@a:1', 'host:cmp001'])
  expect(await order(`sort=original_resource_id:desc&limit=2&marker=${idOf('host:cmp001')}`)).toEqual([
    'cmp001',
    VM2,
  ])
  expect(await order('sort=project_id:asc-nullsfirst&sort=original_resource_id&limit=1')).toEqual(['cmp001'])
  expect(await order('sort=project_id:asc&sort=original_resource_id&limit=1')).toEqual([
    PROJECT < 'p2' ? VM : VM2,
  ])
})
