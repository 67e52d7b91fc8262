/**
 * Guarantees: what Ceilometer's publisher posts is stored and becomes readings, in seconds or nanoseconds, cumulative samples as
 * counters of one epoch; a body that is something else is refused.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ceilometerToOtlp } from '../../../collector/ceilometer/convert.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { CEILOMETER_ROWS } from '../../../core/mappings/table/ceilometer.ts'
import { metricPoints, readings } from '../../../core/model/streams/index.ts'
import { type HttpRig, httpRig, post } from '../http/http-rig.ts'

const VM = '57f2d45e-8ddf-4338-91df-62d0044ff1b5'
const NOW_S = Math.floor(Date.now() / 1000)
const text = (key: string, value: string | null) => ({ key, value: { string_value: value } })

/** As version 27.0.0 posts it, recorded. */
const posted = (
  name: string,
  type: 'gauge' | 'counter',
  unit: string,
  volume: number,
  resource: string,
  at = NOW_S,
) => ({
  resource_metrics: [
    {
      scope_metrics: [
        {
          scope: { name: 'ceilometer', version: 'v1' },
          metrics: [
            {
              name: name.replaceAll('.', '_'),
              description: `${name} unit:${unit}`,
              unit,
              [type]: {
                data_points: [
                  {
                    attributes: [
                      text('resource_id', resource),
                      text('user_id', null),
                      text('project_id', 'p1'),
                    ],
                    start_time_unix_nano: at,
                    time_unix_nano: at,
                    as_double: volume,
                    flags: 0,
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
})

let rig: HttpRig
beforeEach(async () => {
  rig = await httpRig()
})
afterEach(async () => {
  await rig.receiver.stop()
  await rig.intake.drain()
})

const sent = (body: unknown, path = '/ceilometer/v1/metrics') =>
  post(rig.port, path, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify(body)))
const rowsOf = <Stream extends typeof readings | typeof metricPoints>(stream: Stream) =>
  rig.broker.records(stream.name).flatMap(value => decodeRows(stream, value))

const METERS: readonly (readonly [string, 'gauge' | 'counter', string, number, string, string])[] = [
  ['hardware.ipmi.node.power', 'gauge', 'W', 212.5, 'node-1', 'node-1 power host  212500'],
  ['power', 'gauge', 'W', 212.5, 'node-1', 'node-1 power host  212500'],
  ['energy', 'counter', 'kWh', 0.5, 'node-1', 'node-1 energy host  1800000000000'],
  ['cpu', 'counter', 'ns', 42_000_000_000, VM, `${VM} cpu_time  vm ${VM} 42000000`],
  ['memory.usage', 'gauge', 'MB', 512, VM, `${VM} memory usage vm ${VM} 536870912`],
  ['memory.resident', 'gauge', 'MB', 512, VM, `${VM} memory rss vm ${VM} 536870912`],
  ['memory', 'gauge', 'MB', 2048, VM, `${VM} memory_request current vm ${VM} 2147483648`],
  ['vcpus', 'gauge', 'vcpu', 2, VM, `${VM} cpu_request current vm ${VM} 2000`],
]

test('every row of the table is tested here', () => {
  const tested = METERS.map(([name]) => name.replaceAll('.', '_'))
  expect(CEILOMETER_ROWS.map(({ metric }) => metric).sort()).toEqual(tested.sort())
})

test.each(METERS)('%s', async (name, type, unit, volume, resource, expected) => {
  const answer = await sent(posted(name, type, unit, volume, resource))
  expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([200, {}])
  const [row, ...others] = rowsOf(readings)
  expect(others).toEqual([])
  const who = [row!.WorkloadKind, row!.WorkloadId].filter(Boolean).join(' ')
  expect([row!.Host, row!.Quantity, row!.Domain, who, row!.Value].join(' ')).toBe(expected)
  expect([row!.Timestamp, row!.BootId]).toEqual([BigInt(NOW_S) * 1_000_000_000n, ''])
  if (who !== '') expect(row!.Attributes).toMatchObject({ project_id: 'p1', 'vm.uuid': VM })
  const [metric] = rowsOf(metricPoints)
  expect([metric!.MetricName, JSON.parse(metric!.Meta).unit, metric!.Kind, metric!.Value]).toEqual([
    name.replaceAll('.', '_'),
    unit,
    type === 'gauge' ? 0 : 1,
    volume,
  ])
  expect(JSON.parse(metric!.Labels)).toEqual({ resource_id: resource, project_id: 'p1' })
})

test('the sender may say which machine the samples are of', async () => {
  await sent(posted('cpu', 'counter', 'ns', 1e9, VM), '/ceilometer/v1/metrics?host=cmp001')
  expect(rowsOf(readings).map(({ Host }) => Host)).toEqual(['cmp001'])
})

test('times in nanoseconds stay as they are, and meters that no mapping has are only stored', async () => {
  await sent(posted('disk.root.size', 'gauge', 'GB', 20, VM, NOW_S * 1e9))
  expect(rowsOf(readings)).toEqual([])
  expect(rowsOf(metricPoints).map(({ TimeUnix }) => TimeUnix / 1_000_000_000n)).toEqual([BigInt(NOW_S)])
})

test('the same names from other senders are not Ceilometer’s', async () => {
  const body = posted('cpu', 'gauge', 'ns', 1, VM, NOW_S * 1e9)
  await sent(body, '/v1/metrics')
  expect(rowsOf(readings)).toEqual([])
})

test.each([
  ['', 400],
  ['[]', 400],
  ['{"resource_metrics": 7}', 400],
  [`{"resource_metrics": [], "x": "${'y'.repeat(1_100_000)}"}`, 413],
])('%.30s is refused', async (body, status) => {
  const answer = await post(
    rig.port,
    '/ceilometer/v1/metrics',
    { 'content-type': 'application/json' },
    Buffer.from(body),
  )
  expect(answer.status).toBe(status)
})

test('what is not of the form is left to the decoder, never dropped in silence', () => {
  const odd = { resource_metrics: [{ scope_metrics: [{ metrics: [{ name: 'x', gauge: 7 }, 5] }] }] }
  const otlp = JSON.parse(Buffer.from(ceilometerToOtlp(Buffer.from(JSON.stringify(odd)), '')).toString())
  expect(otlp.resource_metrics[0].scope_metrics[0].metrics).toEqual([{ name: 'x' }])
})
