/**
 * Guarantees: ids are Gnocchi's; metrics of Ceilometer's samples, of other senders and of the ledger are listed once, page by
 * page; measures have the values of the tables by every method and granularity; errors have the form that Gnocchi's client reads.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metricUuid, resourceUuid, uuid5, uuidOf } from '../../../query/openstack/gnocchi/model/uuids.ts'
import type { Api } from '../prometheus/support/api.ts'
import { CPU_STEP_S, CPU_VALUES, MINUTES, openWorld, START, VM, VM2 } from './support/world.ts'

type Measure = readonly [time: string, granularity: number, value: number | null]
let api: Api
const ask = async <Body>(path: string): Promise<Body> => {
  const { status, text } = await api.get(path)
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
  return JSON.parse(text) as Body
}
const failure = async (path: string): Promise<unknown> => {
  const { status, text } = await api.get(path)
  return [status, JSON.parse(text)]
}
const CPU = metricUuid(VM, 'cpu')
const at = (seconds: number): string =>
  `${new Date((START + seconds) * 1000).toISOString().slice(0, 19)}+00:00`

beforeAll(async () => {
  api = await openWorld()
})
afterAll(async () => await api.close())

it('makes the ids that Gnocchi makes', () => {
  expect(resourceUuid('instance-1', 'admin')).toBe('7b3589b5-3fc8-5fd2-b2ab-11c3b56246e1')
  expect(resourceUuid('nope', 'admin')).toBe('95c84143-9ea9-504b-ae72-b5e5021e9665')
  expect(resourceUuid(VM.toUpperCase().replaceAll('-', ''), 'admin')).toBe(VM)
  // The example of RFC 9562.
  expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  )
  expect(uuidOf('not-a-uuid')).toBeUndefined()
})

describe('lists of metrics', () => {
  interface Listed {
    readonly id: string
    readonly name: string
    readonly unit: string | null
    readonly resource_id: string
  }
  it('have each metric once, with the names of Ceilometer', async () => {
    const all = await ask<readonly Listed[]>('/gnocchi/v1/metric?sort=name:asc')
    expect(all.map(({ name, unit }) => `${name} ${unit}`)).toEqual(
      [
        'cpu ns',
        'hardware.ipmi.node.power W',
        'memory.usage MB',
        'memory.usage MB',
        'queue_length{queue="in/out"} null',
        ...[
          'carbon_operational_grams g',
          'cost_eur EUR',
          'cpu_seconds s',
          'energy_joules J',
          'power_watts W',
        ].flatMap(name => Array.from({ length: 3 }, () => `wattline_${name}`)),
      ].toSorted(),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    expect(all.find(({ name }) => name === 'cpu')).toMatchObject({
      id: CPU,
      resource_id: VM,
      archive_policy: { name: 'wattline' },
    })
  })

  it('come page by page, as header Link says', async () => {
    const names: string[] = []
    let path: string | undefined = '/v1/metric?limit=6&sort=name:desc&sort=id'
    while (path !== undefined) {
      const { text, headers } = await api.get(path)
      const page = JSON.parse(text) as readonly Listed[]
      names.push(...page.map(({ id }) => id))
      const next = /^<http:\/\/[^/]+(\/[^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')
      path = next?.[1]
    }
    const all = await ask<readonly Listed[]>('/v1/metric?sort=name:desc&sort=id')
    expect(names).toEqual(all.map(({ id }) => id))
    expect(names.length).toBe(20)
  })

  it('can be narrowed', async () => {
    const named = await ask<readonly Listed[]>('/v1/metric?name=memory.usage')
    expect(named.map(one => one.resource_id).toSorted()).toEqual([VM, VM2])
    expect(await ask(`/v1/metric?id=${CPU}`)).toHaveLength(1)
    expect(await ask('/v1/metric?unit=ns')).toHaveLength(1)
    expect(await ask('/v1/metric?status=delete')).toEqual([])
  })

  it.each([
    ['limit=0', 400],
    ['limit=x', 400],
    ['marker=x', 400],
    ['sort=nothing', 400],
    ['sort=name:up', 400],
    ['status=gone', 400],
  ])('refuse %s', async (query, status) => {
    expect((await api.get(`/v1/metric?${query}`)).status).toBe(status)
  })
})

describe('measures', () => {
  const measures = (query: string, metric = CPU): Promise<readonly Measure[]> =>
    ask(`/gnocchi/v1/metric/${metric}/measures?${query}`)
  const ofMinutes = (of: (values: readonly number[]) => number | undefined): readonly Measure[] =>
    [0, 1, 2].map(minute => [at(minute * 60), 60, of(CPU_VALUES.slice(minute * 3, minute * 3 + 3)) ?? null])
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length

  it.each<readonly [string, (values: readonly number[]) => number]>([
    ['mean', mean],
    ['sum', values => values.reduce((sum, value) => sum + value, 0)],
    ['min', values => Math.min(...values)],
    ['max', values => Math.max(...values)],
    ['count', values => values.length],
    ['first', values => values[0]!],
    ['last', values => values.at(-1)!],
    ['median', values => values.toSorted((a, b) => a - b)[1]!],
    ['50pct', values => values.toSorted((a, b) => a - b)[1]!],
    // Between the second and the third: numpy's place is 0.95 x 2 = 1.9.
    ['95pct', values => values[1]! * 0.1 + values[2]! * 0.9],
    ['std', values => Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / 2)],
  ])('by %s', async (method, of) => {
    const found = await measures(`granularity=60&aggregation=${method}`)
    const expected = ofMinutes(of)
    expect(found.map(([time, granularity]) => [time, granularity])).toEqual(
      expected.map(one => one.slice(0, 2)),
    )
    for (const [index, [, , value]] of found.entries()) expect(value).toBeCloseTo(expected[index]![2]!, 9)
  })

  it('by rates: of differences, the first measure having none', async () => {
    const steps = CPU_VALUES.slice(1).map((value, index) => value - CPU_VALUES[index]!)
    expect(await measures('granularity=60&aggregation=rate:sum')).toEqual([
      [at(0), 60, steps[0]! + steps[1]!],
      [at(60), 60, steps[2]! + steps[3]! + steps[4]!],
      [at(120), 60, steps[5]! + steps[6]! + steps[7]!],
    ])
    // The one before the start is known.
    expect(await measures(`granularity=20&aggregation=rate:last&start=${at(60)}&stop=${at(80)}`)).toEqual([
      [at(60), 20, 240],
    ])
  })

  it('raw, where the granularity is as fine as the samples', async () => {
    expect(await measures('granularity=1&aggregation=last')).toEqual(
      CPU_VALUES.map((value, index) => [at(index * CPU_STEP_S), 1, value]),
    )
  })

  it('of the granularities of the policy, coarsest first, where none is asked for', async () => {
    const found = await measures('aggregation=sum')
    expect(found.map(([, granularity]) => granularity)).toEqual([86_400, 3_600, 60, 60, 60])
    expect(found[0]).toEqual(['2026-11-20T00:00:00+00:00', 86_400, 4_025])
  })

  it.each([
    [`start=${START + 60}`, 2],
    [`start=${START + 90}`, 2],
    [`stop=${START + 60}`, 1],
    [`stop=${START + 61}`, 2],
    ['start=2026-11-20T12:01:00', 2],
    ['start=2026-11-20T13:01:00%2B01:00', 2],
    ['start=2026-11-20T13:01:00+01:00', 2],
    ['start=-59%20minutes', 2],
    ['start=-1h', 3],
    ['start=2026-11-21', 0],
  ])('within %s', async (span, count) => {
    expect(await measures(`granularity=60&${span}`)).toHaveLength(count)
  })

  it('resampled', async () => {
    expect(await measures('granularity=20&aggregation=max&resample=60')).toEqual([
      [at(0), 60, 160],
      [at(60), 60, 425],
      [at(120), 60, 1_000],
    ])
    expect(await failure(`/v1/metric/${CPU}/measures?resample=60`)).toEqual([
      400,
      { code: 400, title: 'Bad Request', description: 'A granularity must be specified to resample' },
    ])
  })

  it('of the ledger: energy, power, money of each minute', async () => {
    const of = (name: string, query = 'granularity=60&aggregation=sum') =>
      measures(query, metricUuid(VM, `wattline_${name}`))
    expect(await of('energy_joules')).toEqual(MINUTES.map((uj, minute) => [at(minute * 60), 60, uj / 1e6]))
    expect(await of('energy_joules', 'granularity=3600&aggregation=sum')).toEqual([[at(0), 3_600, 6.750001]])
    expect(await of('power_watts')).toEqual(MINUTES.map((uj, minute) => [at(minute * 60), 60, uj / 6e7]))
    expect(await of('cost_eur')).toEqual(
      MINUTES.map((uj, minute) => [at(minute * 60), 60, (uj * 3 + (minute === 0 ? 7 : 0)) / 1e9]),
    )
    const host = metricUuid(resourceUuid('host:cmp001', 'default'), 'wattline_energy_joules')
    expect(await measures('granularity=60&aggregation=sum', host)).toEqual(
      MINUTES.map((uj, minute) => [at(minute * 60), 60, (3 * uj) / 1e6]),
    )
  })

  it('by the name of the metric of a resource', async () => {
    const byName = `/v1/resource/generic/${VM}/metric/memory.usage/measures?granularity=60`
    expect(await ask(byName)).toEqual([
      [at(0), 60, 1_024],
      [at(60), 60, 2_048],
    ])
    const sender = encodeURIComponent('web@a:1')
    const name = encodeURIComponent('queue_length{queue="in/out"}')
    expect(await ask(`/v1/resource/service/${sender}/metric/${name}/measures?granularity=1`)).toEqual([
      [at(1), 1, 1],
    ])
  })

  it.each([
    [`${CPU}/measures?start=x`, 400, { cause: 'Argument value error', detail: 'start' }],
    [`${CPU}/measures?stop=-1`, 400, { detail: 'stop' }],
    [`${CPU}/measures?granularity=0`, 400, { detail: 'granularity' }],
    [`${CPU}/measures?granularity=fast`, 400, { detail: 'granularity' }],
    [`${CPU}/measures?refresh=maybe`, 400, { detail: 'refresh' }],
    [`${CPU}/measures?aggregation=mode`, 404, { detail: { metric: CPU, aggregation_method: 'mode' } }],
  ])('refuse %s', async (path, status, description) => {
    expect(await failure(`/v1/metric/${path}`)).toEqual([
      status,
      expect.objectContaining({ description: expect.objectContaining(description) }),
    ])
  })

  it('do not exist for unknown metrics, in words that Gnocchi’s client recognises', async () => {
    for (const path of ['/v1/metric/x', `/v1/metric/${VM}`, `/v1/metric/${VM}/measures`])
      expect(await failure(path)).toEqual([
        404,
        { code: 404, title: 'Not Found', description: `Metric ${path.split('/')[3]} does not exist` },
      ])
  })
})

it('describes itself', async () => {
  expect(await ask('/gnocchi/')).toMatchObject({ build: 'wattline 0' })
  const [policy] = await ask<readonly Record<string, unknown>[]>('/v1/archive_policy')
  expect(policy).toMatchObject({
    name: 'wattline',
    definition: [
      { granularity: '0:01:00', timespan: '7 days, 0:00:00', points: 10_080 },
      { granularity: '1:00:00', points: 2_160 },
      { granularity: '1 day, 0:00:00', timespan: '400 days, 0:00:00', points: 400 },
    ],
  })
  expect(await ask('/v1/archive_policy/wattline')).toEqual(policy)
  expect(await failure('/v1/archive_policy/low')).toMatchObject([
    404,
    { description: 'Archive policy low does not exist' },
  ])
  expect(await ask('/v1/archive_policy_rule/')).toHaveLength(1)
  expect(await ask('/v1/status')).toMatchObject({ storage: { summary: { metrics: 0, measures: 0 } } })
  expect((await ask<{ aggregation_methods: string[] }>('/v1/capabilities/')).aggregation_methods).toContain(
    'rate:99pct',
  )
  const post = await fetch(`${api.base}/gnocchi/v1/metric`, { method: 'POST', body: '{}' })
  expect([post.status, await post.json()]).toMatchObject([501, { title: 'Not Implemented' }])
})
