/**
 * Guarantees: operations over several metrics, as text and as lists, give what numpy gives; metrics are found by id, by name and by
 * wildcard, in groups; what cannot be computed is refused with the reason.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metricUuid } from '../../../query/openstack/gnocchi/model/uuids.ts'
import type { Api } from '../prometheus/support/api.ts'
import { openWorld, PROJECT, START, VM, VM2 } from './support/world.ts'

let api: Api
beforeAll(async () => {
  api = await openWorld()
})
afterAll(async () => await api.close())

async function post<Body>(path: string, body: unknown): Promise<Body> {
  const answer = await fetch(`${api.base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await answer.json()) as Body
}
const aggregates = <Body = unknown>(body: object, query = 'granularity=60'): Promise<Body> =>
  post(`/gnocchi/v1/aggregates?${query}`, body)
const at = (seconds: number): string =>
  `${new Date((START + seconds) * 1000).toISOString().slice(0, 19)}+00:00`
const CPU = metricUuid(VM, 'cpu')
const [MEMORY, MEMORY2] = [VM, VM2].map(vm => metricUuid(vm, 'memory.usage')) as [string, string]
/** Values of whole minutes. */
const CPU_MEANS = [130, (400 + 410 + 425) / 3, 800]
type Shown = readonly (readonly [string, number, number | null])[]
const valuesOf = (found: unknown): unknown =>
  (found as { measures: { aggregated: Shown } }).measures.aggregated.map(([, , value]) => value)

describe('operations', () => {
  const of = async (operations: unknown, query?: string): Promise<unknown> =>
    valuesOf(await aggregates({ operations }, query))
  const memory = ['metric', [MEMORY, 'mean'], [MEMORY2, 'mean']]
  it.each<readonly [string, readonly number[]]>([
    ['mean', [517, 1034]],
    ['sum', [1034, 2068]],
    ['min', [10, 20]],
    ['max', [1024, 2048]],
    ['median', [517, 1034]],
    ['std', [507, 1014]],
    ['var', [507 ** 2, 1014 ** 2]],
    ['count', [2, 2]],
    ['rate:sum', [1034]],
  ])('aggregate %s', async (method, expected) => {
    expect(await of(['aggregate', method, memory])).toEqual(expected)
    expect(await of(`(aggregate ${method} (metric (${MEMORY} mean) (${MEMORY2} mean)))`)).toEqual(expected)
  })

  const a = `(metric ${MEMORY} mean)`
  const b = `(metric ${MEMORY2} mean)`
  it.each<readonly [string, readonly number[]]>([
    [`(+ ${a} ${b})`, [1034, 2068]],
    [`(- ${b} ${a})`, [-1014, -2028]],
    [`(* ${a} ${b})`, [10_240, 40_960]],
    [`(/ ${a} ${b})`, [102.4, 102.4]],
    [`(% (neg ${a}) ${b})`, [6, 12]],
    [`(>= ${a} ${b})`, [1, 1]],
    [`(max ${a} ${b})`, [1024, 2048]],
    [`(aggregate sum (* 2 (metric (${MEMORY} mean) (${MEMORY2} mean))))`, [2068, 4136]],
    [`(aggregate max (clip ${a} 0 1500))`, [1024, 1500]],
    [`(aggregate max (clip_min ${a} 1500))`, [1500, 2048]],
    [`(aggregate max (rateofchange ${a}))`, [1024]],
    [`(aggregate max (rateofchangesec ${a}))`, [1024 / 60]],
    [`(aggregate max (rolling mean 2 ${a}))`, [1536]],
    [`(aggregate max (resample sum 3600 ${a}))`, [3072]],
    [`(aggregate max (floor (/ ${a} 1000)))`, [1, 2]],
    [`(aggregate max (resample rate:last 3600 ${a}))`, [1024]],
  ])('%s', async (text, expected) => {
    expect(await of(text)).toEqual(expected)
  })

  it('of one metric each keep their ids', async () => {
    expect(await aggregates({ operations: `(* 2 (metric (${MEMORY} mean) (${MEMORY2} max)))` })).toEqual({
      measures: {
        [MEMORY]: {
          mean: [
            [at(0), 60, 2048],
            [at(60), 60, 4096],
          ],
        },
        [MEMORY2]: {
          max: [
            [at(0), 60, 20],
            [at(60), 60, 40],
          ],
        },
      },
    })
    const detailed = await aggregates<{ references: readonly { id: string }[] }>(
      { operations: ['metric', CPU, 'mean'] },
      'granularity=3600&details=true',
    )
    expect(detailed.references.map(({ id }) => id)).toEqual([CPU])
  })

  it('of all granularities of the policy, where none is asked for', async () => {
    const { measures } = await aggregates<{ measures: { aggregated: Shown } }>(
      { operations: `(aggregate sum (metric ${MEMORY} sum))` },
      '',
    )
    expect(measures.aggregated.map(([, granularity]) => granularity)).toEqual([86_400, 3_600, 60, 60])
  })

  it.each<readonly [string, unknown]>([
    ['', [1034, 2068, 800]],
    ['&fill=null', [1034 + 0, 2068, 800]],
    ['&fill=0', [1034, 2068, 800]],
    ['&fill=ffill', [1034, 2068, 2068 + 800 - 0]],
  ])('fill in what is missing: %s', async (fill, expected) => {
    // The CPU has a third minute, memory has two.
    const operations = ['aggregate', 'sum', ['metric', [MEMORY, 'mean'], [MEMORY2, 'mean'], [CPU, 'mean']]]
    const found = (await of(operations, `granularity=60${fill}`)) as readonly number[]
    const cpu = [CPU_MEANS[0]!, CPU_MEANS[1]!, 0]
    expect(found.map((value, index) => Math.round((value - cpu[index]!) * 1e6) / 1e6)).toEqual(expected)
  })

  it('show what is missing of single metrics as null, or leave it out', async () => {
    const operations = ['metric', [MEMORY, 'mean'], [CPU, 'mean']]
    const count = async (query: string): Promise<unknown> => {
      const { measures } = await aggregates<{ measures: Record<string, { mean: Shown }> }>(
        { operations },
        query,
      )
      return measures[MEMORY]!.mean.map(([, , value]) => value)
    }
    expect(await count('granularity=60')).toEqual([1024, 2048])
    expect(await count('granularity=60&fill=null')).toEqual([1024, 2048, null])
  })

  it('need an overlap where nothing is filled in', async () => {
    const operations = ['aggregate', 'count', ['metric', [MEMORY, 'mean'], [CPU, 'mean']]]
    expect(await of(operations, 'granularity=60&needed_overlap=100')).toEqual([2, 2])
    expect(
      await aggregates({ operations }, `granularity=60&needed_overlap=90&start=${START}&stop=${START + 180}`),
    ).toEqual({
      code: 400,
      title: 'Bad Request',
      description: {
        cause: 'Metrics cannot be aggregated',
        reason: 'Less than 90.000000% of datapoints overlap in this timespan (66.67%)',
        detail: [
          [MEMORY, 'mean'],
          [CPU, 'mean'],
        ],
      },
    })
    expect(
      await of(operations, `granularity=60&needed_overlap=0&start=${START}&stop=${START + 180}`),
    ).toEqual([2, 2, 1])
  })

  it.each<readonly [unknown, number, unknown]>([
    ['(aggregate mean', 400, { cause: 'Invalid operations' }],
    ['aggregate', 400, { cause: 'Invalid operations' }],
    ['(a) (b)', 400, { cause: 'Invalid operations' }],
    ['(nothing (metric a mean))', 400, { reason: "'nothing' operation invalid" }],
    ['(aggregate mode (metric a mean))', 400, { reason: 'metrics cannot be aggregated by mode' }],
    ['(metric a)', 400, { cause: 'Invalid input' }],
    ['(+ (metric a mean))', 400, { reason: "'+' operation invalid" }],
    ['(+ 1 2)', 400, { reason: "At least one 'metric' is required" }],
    ['(rolling mean 0 (metric a mean))', 400, { cause: 'Invalid input' }],
    [
      `(rolling mean 9 (metric ${MEMORY} mean))`,
      400,
      { reason: "Rolling window '9' is greater than serie length '2'" },
    ],
    [`(+ ${a} (resample sum 3600 ${b}))`, 400, { cause: 'Metrics cannot be aggregated' }],
    [['metric', 'cpu', 'mean'], 400, { cause: 'Invalid metric references' }],
    [['metric', VM, 'mean'], 404, { cause: 'Unknown metrics', detail: [VM] }],
    [['metric', CPU, 'mode'], 404, { cause: 'Metrics with unknown aggregation', detail: [[CPU, 'mode']] }],
    ['('.repeat(5_000), 400, { cause: 'Invalid operations' }],
    [
      Array.from({ length: 300 }).reduce<unknown>(inner => ['abs', inner], 1),
      400,
      { cause: 'Invalid input' },
    ],
  ])('refuse %j', async (operations, code, description) => {
    expect(await aggregates({ operations })).toMatchObject({ code, description })
  })

  it('refuse other bodies', async () => {
    expect(await aggregates({})).toMatchObject({ code: 400 })
    expect(await aggregates({ operations: a, more: 1 })).toMatchObject({ code: 400 })
    expect(await aggregates({ operations: a, resource_type: 'nothing', search: {} })).toMatchObject({
      code: 400,
    })
    expect(await aggregates({ operations: a }, 'fill=often')).toMatchObject({
      description: { detail: 'fill' },
    })
  })
})

describe('of resources', () => {
  const operations = '(aggregate sum (metric memory.usage mean))'
  const search = 'type = instance'
  it('find metrics by name', async () => {
    expect(valuesOf(await aggregates({ operations, search, resource_type: 'generic' }))).toEqual([1034, 2068])
    const one = {
      operations: '(metric memory.* mean)',
      search: { '=': { id: VM } },
      resource_type: 'instance',
    }
    expect(await aggregates(one)).toEqual({
      measures: {
        [VM]: {
          'memory.usage': {
            mean: [
              [at(0), 60, 1024],
              [at(60), 60, 2048],
            ],
          },
        },
      },
    })
  })

  it('in groups', async () => {
    const body = { operations, search, resource_type: 'generic' }
    const groups = await aggregates<readonly { group: unknown; measures: unknown }[]>(
      body,
      'granularity=3600&groupby=project_id&groupby=type',
    )
    expect(groups.map(({ group, measures }) => [group, valuesOf(measures)])).toEqual(
      [
        [{ project_id: PROJECT, type: 'instance' }, [1536]],
        [{ project_id: 'p2', type: 'instance' }, [15]],
      ].toSorted(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    )
    expect(await aggregates(body, 'groupby=flavor')).toMatchObject({ code: 400 })
  })

  it('sum energy and money of a project', async () => {
    const body = {
      operations: '(aggregate sum (metric wattline_energy_joules sum))',
      search: {},
      resource_type: 'instance',
    }
    expect(valuesOf(await aggregates(body, 'granularity=3600'))).toEqual([20.250003])
  })

  it('are 404 without such a metric', async () => {
    const body = { operations: '(metric nothing mean)', search: '', resource_type: 'generic' }
    expect(await aggregates({ ...body, search: {} })).toEqual({
      code: 404,
      title: 'Not Found',
      description: "Metric ['nothing'] does not exist",
    })
    expect(await aggregates({ ...body, search: {} }, 'groupby=type')).toMatchObject({ code: 404 })
  })

  it('as Aodh asks: its rules over several metrics name each by itself, with no overlap needed', async () => {
    const rule = ['aggregate', 'mean', ['metric', MEMORY, 'mean'], ['metric', MEMORY2, 'mean']]
    const query = `granularity=60&needed_overlap=0&start=${at(0).slice(0, 19)}&stop=${at(600).slice(0, 19)}&use_history=False&details=False`
    expect(valuesOf(await aggregates({ operations: rule }, query))).toEqual([517, 1034])
  })
})

describe('the older /v1/aggregation', () => {
  const get = async (path: string): Promise<unknown> => JSON.parse((await api.get(path)).text)
  it('aggregates metrics across, by reaggregation', async () => {
    const both = `metric=${MEMORY}&metric=${MEMORY2}&granularity=60`
    expect(await get(`/v1/aggregation/metric?${both}&aggregation=sum&reaggregation=max`)).toEqual([
      [at(0), 60, 1024],
      [at(60), 60, 2048],
    ])
    expect(await get(`/v1/aggregation/metric?${both}`)).toEqual([
      [at(0), 60, 517],
      [at(60), 60, 1034],
    ])
    expect(await get(`/v1/aggregation/metric?${both}&resample=3600&aggregation=sum`)).toEqual([
      [at(0), 3600, 3102],
    ])
    expect(await get(`/v1/aggregation/metric?metric=${VM}`)).toMatchObject({ code: 404 })
    expect(await get(`/v1/aggregation/metric?metric=${MEMORY}&granularity=60`)).toEqual([
      [at(0), 60, 1024],
      [at(60), 60, 2048],
    ])
  })

  it('aggregates metrics of resources', async () => {
    const path = '/v1/aggregation/resource/generic/metric/memory.usage?granularity=3600'
    expect(await post(`${path}&reaggregation=sum`, { '=': { type: 'instance' } })).toEqual([
      [at(0), 3600, 1551],
    ])
    const groups = await post<readonly { group: { project_id: string }; measures: Shown }[]>(
      `${path}&groupby=project_id`,
      { '=': { type: 'instance' } },
    )
    expect(
      Object.fromEntries(groups.map(({ group, measures }) => [group.project_id, measures[0]![2]])),
    ).toEqual({
      [PROJECT]: 1536,
      p2: 15,
    })
  })
})
