/**
 * Guarantees: readings found with remembered identities equal, to the last value and in the same order, those of the
 * rule applied to each point alone, whether the identities are new, known, forgotten or too many to be remembered; and
 * the memory stays within its limit, whoever sends.
 */
import fc from 'fast-check'
import { Writer } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import type { DecodeContext } from '../../../../collector/otlp/decode/decode-context.ts'
import { decodeMetrics } from '../../../../collector/otlp/decode/metrics.ts'
import { Identities } from '../../../../collector/readings/identity/identities.ts'
import { MAPPINGS } from '../../../../collector/readings/mappings/mappings.ts'
import { RuleTable } from '../../../../collector/readings/mappings/rule.ts'
import type { Reading } from '../../../../collector/readings/reading.ts'
import { RecognisedPoints } from '../../../../collector/readings/recognised-points.ts'
import { createRecogniser } from '../../../../collector/readings/recogniser.ts'
import type { LabelMap } from '../../../../core/model/label-text.ts'
import { runs } from '../../../support/runs.ts'
import { encode } from '../../otlp/decode/otlp-proto.ts'
import { CONTEXT, createMetricBuilders, NOW } from '../../otlp/decode/support.ts'
import { recognisedByRule } from '../oracle.ts'
import { recognisedIn, requestOf, type SentMetric, type SentPoint } from '../recognising.ts'

const ANY_TIME: DecodeContext = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: NOW, pastNano: NOW } }

const CONTAINER = 'c'.repeat(64)
/** Keys that some row uses or keeps, and one that none does. */
const KEYS = [
  ...[
    'host.id',
    'host.name',
    'k8s.node.name',
    'node',
    'node_name',
    'Hostname',
    'instance',
    'exported_instance',
  ],
  ...['service.instance.id', 'service.name', 'service.namespace', 'cloud.account.id', 'wattline.source'],
  ...['hw.id', 'hw.type', 'hw.parent', 'hw.name', 'cpu.mode', 'state', 'cpu', 'cpu.logical_number', 'mode'],
  ...['container.id', 'k8s.container.name', 'k8s.pod.uid', 'k8s.pod.name', 'k8s.namespace.name'],
  ...['process.executable.name', 'process.pid', 'comm', 'pid', 'container_id', 'vm_id', 'zone', 'rapl_zone'],
  ...[
    'path',
    'index',
    'socket_id',
    'UUID',
    'id',
    'uid',
    'container',
    'namespace',
    'pod',
    'resource',
    'other',
  ],
]
const VALUES = [
  ...['', 'a', 'b', '0', 'cpu', 'memory', 'gpu', 'user', 'idle', 'wait', 'package', 'core', 'dram', 'POD'],
  ...['simulated', '10.0.0.7:9100', CONTAINER, `containerd://${CONTAINER}`, 'é😀', 'x'.repeat(300), 'total'],
  `/kubepods.slice/cri-containerd-${CONTAINER}.scope`,
]

/** Enough for a reading of some row, so that not all are ignored. */
const WHOLE: readonly LabelMap[] = [
  { 'host.id': 'h', 'hw.id': '0', 'hw.type': 'cpu', 'cpu.mode': 'user' },
  { 'k8s.node.name': 'n', 'container.id': CONTAINER, 'k8s.namespace.name': 'shop' },
  {
    instance: 'h:1',
    'k8s.pod.uid': 'u',
    'k8s.container.name': 'web',
    zone: 'package',
    UUID: 'g',
    mode: 'user',
  },
  { node: 'n', resource: 'cpu', uid: 'u', container: 'web', id: `/cri-containerd-${CONTAINER}.scope` },
  {
    'host.name': 'n',
    'process.executable.name': 'nginx',
    comm: 'nginx',
    socket_id: '0',
    'wattline.source': 'simulated',
  },
]
const labels: fc.Arbitrary<LabelMap> = fc
  .tuple(
    fc.constantFrom({}, ...WHOLE, Object.assign({}, ...WHOLE)),
    fc.dictionary(
      fc.constantFrom(...KEYS),
      fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'grapheme', maxLength: 12 })),
      { maxKeys: 6, noNullPrototype: true },
    ),
  )
  .map(([whole, some]) => ({ ...whole, ...some }))
const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 1e9 }).map(millionths => millionths / 1e6) },
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 1n << 42n }) },
  fc.double(),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
)
const point: fc.Arbitrary<SentPoint> = fc.record({
  timeUnixNano: fc.oneof({ weight: 9, arbitrary: fc.constant(NOW) }, fc.constant(0n)),
  startTimeUnixNano: fc.constantFrom(0n, 5n, NOW - 1n),
  value,
  attributes: labels,
})
/** What says who something is is not said again within minutes: recognise.test.ts. */
const MEASURED = MAPPINGS.filter(({ quantity }) => quantity !== 'identity')
const STRANGERS = [{ metric: 'other' }, { metric: 'hw.energi' }] as const
const metric = (resource: LabelMap): fc.Arbitrary<SentMetric> =>
  fc
    .record({
      row: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...MEASURED) }, fc.constantFrom(...STRANGERS)),
      isOdd: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
      temporality: fc.constantFrom(2, 2, 2, 1, 0),
      isMonotonic: fc.boolean(),
      points: fc.array(point, { minLength: 1, maxLength: 4 }),
    })
    .map(({ row, isOdd, temporality, isMonotonic, points }) => {
      const common = { name: row.metric, resource, points }
      const isSum = ('kind' in row && row.kind === 'counter') !== isOdd
      if (!isSum) return { ...common, kind: 'gauge', temporality: 0, monotonic: false }
      return isOdd
        ? { ...common, kind: 'sum', temporality, monotonic: isMonotonic }
        : { ...common, kind: 'sum', temporality: 2, monotonic: true }
    })
const metrics = fc
  .array(
    labels.chain(resource => fc.array(metric(resource), { minLength: 1, maxLength: 4 })),
    { maxLength: 4 },
  )
  .map(groups => groups.flat())

/** Which machine a name alone means depends on earlier data: another test covers that. */
const asSaid = (row: Reading, said: Reading | undefined): Reading =>
  said !== undefined && said.Host === said.HostName ? { ...row, Host: said.Host } : row

test.each([
  ['all', 1 << 30],
  ['none', 0],
  ['some', 200_000],
])('readings match the rules, with %s identities remembered', (_, bytes) => {
  const recogniser = createRecogniser({ identityBytes: bytes })
  let [read, ignored] = [0, 0]
  fc.assert(
    fc.property(metrics, sent => {
      const expected = recognisedByRule(sent, 'acme')
      // The second time everything that can be remembered is known; a tenant's identities are its own.
      for (const tenant of ['acme', 'acme', 'other']) {
        const found = recognisedIn(requestOf(sent), { ...ANY_TIME, tenant }, recogniser)
        const rows = found.readings.map((row, index) => asSaid(row, expected.readings[index]))
        expect(rows).toEqual(expected.readings.map(row => ({ ...row, Tenant: tenant })))
        expect(found.ignored).toEqual(expected.ignored)
      }
      read += expected.readings.length
      ignored += expected.ignored.size
    }),
    { numRuns: runs(40) },
  )
  // Random counts: fewer would mean that hardly anything was compared.
  expect(read).toBeGreaterThan(runs(8))
  expect(ignored).toBeGreaterThan(runs(8))
})

const READABLE = {
  name: 'container.cpu.time',
  kind: 'sum',
  temporality: 2,
  monotonic: true,
} as const
const sample = (attributes: LabelMap): SentPoint => ({
  timeUnixNano: NOW,
  startTimeUnixNano: 7n,
  value: 1n,
  attributes,
})

test('the order of attributes is part of the key of a series, not of its meaning', () => {
  const recogniser = createRecogniser()
  const resource = { 'host.id': 'h' }
  const either = [
    sample({ 'container.id': 'a', 'cpu.mode': 'user' }),
    sample({ 'cpu.mode': 'user', 'container.id': 'a' }),
  ]
  const { readings } = recognisedIn(
    requestOf([{ ...READABLE, resource, points: either }]),
    CONTEXT,
    recogniser,
  )
  expect(readings).toHaveLength(2)
  expect(readings[0]).toEqual(readings[1])
})

test('a counter that restarts is a new epoch of the same series', () => {
  const recogniser = createRecogniser()
  const points = [7n, 7n, 9n, 0n, 7n].map(startTimeUnixNano => ({
    ...sample({ 'container.id': 'a' }),
    startTimeUnixNano,
  }))
  const sent = { ...READABLE, resource: { 'host.id': 'h' }, points }
  const { readings } = recognisedIn(requestOf([sent]), CONTEXT, recogniser)
  expect(readings.map(row => row.BootId)).toEqual(['otlp:7', 'otlp:7', 'otlp:9', '', 'otlp:7'])
})

test('labels that the limits cut differently are not shared between them', () => {
  const recogniser = createRecogniser()
  const body = requestOf([
    { ...READABLE, resource: { 'host.id': 'host-1' }, points: [sample({ 'container.id': 'abcdef' })] },
  ])
  const idWithin = (attributeBytes: number): string => {
    const context = { ...CONTEXT, limits: { ...CONTEXT.limits, attributeBytes } }
    return recognisedIn(body, context, recogniser).readings[0]!.WorkloadId
  }
  expect([20, 14, 20].map(idWithin)).toEqual(['abcdef', 'abcdef', 'abcdef'])
  const long = requestOf([
    { ...READABLE, resource: { 'host.id': 'host-1' }, points: [sample({ 'container.id': 'x'.repeat(20) })] },
  ])
  const lengths = [20, 14, 20].map(attributeBytes => {
    const context = { ...CONTEXT, limits: { ...CONTEXT.limits, attributeBytes } }
    return recognisedIn(long, context, recogniser).readings[0]!.WorkloadId.length
  })
  expect(lengths).toEqual([20, 14, 20])
})

test('a resource and attributes in pieces are read as one', () => {
  const attribute = (key: string, text: string): Uint8Array => {
    const any = Writer.create().uint32(0x0a).string(text).finish()
    return Writer.create().uint32(0x0a).string(key).uint32(0x12).bytes(any).finish()
  }
  const nested = (...fields: [number, Uint8Array][]): Uint8Array => {
    const writer = Writer.create()
    for (const [field, bytes] of fields) writer.uint32(field * 8 + 2).bytes(bytes)
    return writer.finish()
  }
  const time = Writer.create().uint32(0x19).fixed64(`${NOW}`).finish()
  const one = Writer.create().uint32(0x31).sfixed64(1).finish()
  const scattered = Buffer.concat([
    nested([7, attribute('container.id', 'a')]),
    time,
    nested([7, attribute('cpu.mode', 'user')]),
    one,
  ])
  const sum = Buffer.concat([nested([1, scattered]), Writer.create().uint32(0x10).uint32(2).finish()])
  const monotonic = Writer.create().uint32(0x18).bool(true).finish()
  const body = nested([
    1,
    nested(
      [1, nested([1, attribute('host.id', 'h')])],
      [1, nested([1, attribute('host.name', 'n')])],
      [2, nested([2, nested([1, Buffer.from('container.cpu.time')], [7, Buffer.concat([sum, monotonic])])])],
    ),
  ])
  const recogniser = createRecogniser()
  for (let time = 0; time < 2; time += 1) {
    const { readings } = recognisedIn(body, CONTEXT, recogniser)
    expect(readings).toMatchObject([{ Host: 'h', HostName: 'n', WorkloadId: 'a', Domain: 'user' }])
  }
})

describe('the memory of identities', () => {
  const request = (from: number, count: number): Uint8Array =>
    encode('ExportMetricsServiceRequest', {
      resource_metrics: Array.from({ length: count }, (_, at) => ({
        resource: {
          attributes: [
            { key: 'host.id', value: { string_value: 'h' } },
            { key: 'container.id', value: { string_value: `${from + at}`.padStart(64, '0') } },
          ],
        },
        scope_metrics: [
          {
            metrics: [
              {
                name: 'container.cpu.time',
                sum: {
                  data_points: [{ time_unix_nano: `${NOW}`, as_int: '1' }],
                  aggregation_temporality: 2,
                  is_monotonic: true,
                },
              },
            ],
          },
        ],
      })),
    })
  const rules = new RuleTable(MAPPINGS)
  const pass = (identities: Identities, body: Uint8Array, tenant = 'acme'): RecognisedPoints => {
    const context = { ...CONTEXT, tenant }
    const points = new RecognisedPoints(identities, rules, context, false)
    decodeMetrics(body, context, createMetricBuilders(), points)
    return points
  }

  test('stays within its limit when nothing repeats, and keeps what does repeat', () => {
    const maxBytes = 1_000_000
    const identities = new Identities(maxBytes)
    for (let from = 0; from < 20_000; from += 500) {
      expect(pass(identities, request(from, 500), `tenant-${from % 3}`).series).toHaveLength(500)
      expect(identities.byteSize).toBeLessThan(maxBytes + 150_000)
    }
    const steady = request(1_000_000, 100)
    let again: RecognisedPoints
    let before = pass(identities, steady)
    // Eventually the other identities are forgotten, and the same series is the same object.
    for (let times = 0; ; times += 1) {
      again = pass(identities, steady)
      if (again.series.every((series, at) => series === before.series[at])) break
      before = again
      expect(times).toBeLessThan(1000)
    }
  })

  test('is used by a later request', () => {
    const identities = new Identities(1 << 20)
    const first = pass(identities, request(0, 10))
    const bytes = identities.byteSize
    expect(pass(identities, request(0, 10)).series).toEqual(first.series)
    expect(identities.byteSize).toBe(bytes)
  })
})
