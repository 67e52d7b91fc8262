/**
 * Guarantees of the simulated fleet: the same seed and time give the same bytes, another seed others; the requests are
 * valid OTLP, read by an independent decoder; and a host's own count of its meters equals its samples, whatever happens
 * to it: silence, restarts, delayed samples.
 */
import { describe, expect, it } from 'vitest'
import { type FleetOptions, hostPrefix } from '../../simulate/fleet.ts'
import { SimulatedHost } from '../../simulate/host.ts'
import { type Lane, MeterLane } from '../../simulate/lanes.ts'
import { LaneQueue } from '../../simulate/queue.ts'
import { SpanLane } from '../../simulate/spans.ts'
import { messageType } from '../collector/otlp/decode/otlp-proto.ts'

const FROM = Date.parse('2026-11-20T22:00:00Z')
const OPTIONS: FleetOptions = {
  seed: 7,
  hosts: 6,
  workloads: 3,
  fromMs: FROM,
  minutes: 30,
  intervalMs: 5_000,
  gpus: 0.5,
  churn: 1,
  silent: 0.4,
  reboots: 0.5,
  late: 0.1,
}

const lanesOf = (options: FleetOptions) =>
  Array.from({ length: options.hosts }, (_, number) => {
    const host = new SimulatedHost(options, number)
    return { host, lane: new MeterLane(options, [host], 7) }
  })

/** All bodies of a lane, each acknowledged. */
function bodies(lane: Lane): Buffer[] {
  const sent: Buffer[] = []
  for (let payload = lane.next(); payload !== null; payload = lane.next()) {
    sent.push(Buffer.from(payload.body))
    lane.acknowledged()
  }
  return sent
}

interface Decoded {
  readonly resource_metrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scope_metrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
}
interface Attribute {
  readonly key: string
  readonly value: { readonly string_value?: string; readonly int_value?: string }
}
interface Metric {
  readonly name: string
  readonly sum?: { readonly data_points: readonly Point[]; readonly is_monotonic: boolean }
  readonly gauge?: { readonly data_points: readonly Point[] }
}
interface Point {
  readonly time_unix_nano: string
  readonly start_time_unix_nano: string
  readonly as_double?: number
  readonly as_int?: string
  readonly attributes: readonly Attribute[]
}

const decode = <T>(name: string, body: Uint8Array): T => {
  const type = messageType(name)
  return type.toObject(type.decode(body), { longs: String, bytes: String, arrays: true }) as T
}

const plain = (attributes: readonly Attribute[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.string_value ?? String(value.int_value)]))

interface Sample {
  readonly name: string
  readonly resource: Record<string, string>
  readonly labels: Record<string, string>
  readonly timeNano: bigint
  readonly startNano: bigint
  readonly value: number
}

const samplesOf = (sent: readonly Buffer[]): Sample[] =>
  sent
    .flatMap(body => decode<Decoded>('ExportMetricsServiceRequest', body).resource_metrics)
    .flatMap(({ resource, scope_metrics }) =>
      scope_metrics
        .flatMap(scope => scope.metrics)
        .flatMap(({ name, sum, gauge }) =>
          (sum ?? gauge)!.data_points.map(point => ({
            name,
            resource: plain(resource.attributes),
            labels: plain(point.attributes),
            timeNano: BigInt(point.time_unix_nano),
            startNano: BigInt(point.start_time_unix_nano ?? 0),
            value: point.as_double ?? Number(point.as_int),
          })),
        ),
    )

/** Last minus first of every epoch of every energy counter, from the samples alone. */
function countedUj(samples: readonly Sample[]): bigint {
  const series = Map.groupBy(
    samples.filter(({ name }) => name === 'hw.energy'),
    ({ labels, startNano }) => `${labels['hw.type']} ${labels['hw.id']} ${startNano}`,
  )
  let sum = 0n
  for (const counter of series.values()) {
    const sorted = counter.toSorted((a, b) => (a.timeNano < b.timeNano ? -1 : 1))
    const microjoules = sorted.map(({ value }) => BigInt(Math.round(value * 1e6)))
    sum += microjoules.at(-1)! - microjoules[0]!
    for (const [index, value] of microjoules.entries()) {
      if (index > 0) expect(value).toBeGreaterThanOrEqual(microjoules[index - 1]!)
    }
  }
  return sum
}

describe('meters', () => {
  const fleet = lanesOf(OPTIONS).map(({ host, lane }) => ({ host, sent: bodies(lane) }))
  const samples = fleet.map(({ sent }) => samplesOf(sent))

  it('sends the same bytes for the same seed, and different ones for another', () => {
    const again = lanesOf(OPTIONS).map(({ lane }) => Buffer.concat(bodies(lane)))
    expect(again.map((bytes, host) => bytes.equals(Buffer.concat(fleet[host]!.sent)))).toEqual(
      again.map(() => true),
    )
    const other = lanesOf({ ...OPTIONS, seed: 8 }).map(({ lane }) => Buffer.concat(bodies(lane)))
    expect(other[0]!.equals(again[0]!)).toBe(false)
  })

  it('knows the values of its samples', () => {
    for (const [index, { host }] of fleet.entries()) {
      expect(host.acknowledgedUj).toBe(countedUj(samples[index]!))
      expect(host.acknowledgedUj).toBeGreaterThan(1_000_000n)
    }
  })

  it('counts only acknowledged samples', () => {
    const host = new SimulatedHost(OPTIONS, 0)
    const lane = new MeterLane(OPTIONS, [host], 7)
    lane.next()
    lane.acknowledged()
    const before = host.acknowledgedUj
    lane.next()
    expect(host.acknowledgedUj).toBe(before)
  })

  it('simulates hosts with silence, restarts and late samples', () => {
    const epochs = samples.map(
      ofHost =>
        new Set(ofHost.filter(({ name }) => name === 'hw.energy').map(({ startNano }) => startNano)).size,
    )
    expect(Math.max(...epochs)).toBe(2)
    const steps = samples.map(ofHost => {
      const times = ofHost.filter(({ name }) => name === 'system.cpu.time').map(({ timeNano }) => timeNano)
      const gaps = times
        .toSorted((a, b) => (a < b ? -1 : 1))
        .map((t, index, all) => t - (all[index - 1] ?? t))
      return {
        longestSeconds: Math.max(...gaps.slice(0, -CPU_MODES).map(Number)) / 1e9,
        backwards: times.some((t, index) => index > 0 && t < times[index - 1]!),
      }
    })
    expect(steps.some(({ longestSeconds }) => longestSeconds >= 180)).toBe(true)
    expect(steps.some(({ backwards }) => backwards)).toBe(true)
  })

  it('names host, fleet and container on every resource, and marks it as simulated', () => {
    for (const [index, ofHost] of samples.entries()) {
      for (const { resource, name } of ofHost) {
        expect(resource['wattline.source']).toBe('simulated')
        expect(resource['host.id']).toBe(`${hostPrefix(OPTIONS)}${String(index).padStart(6, '0')}`)
        if (name.startsWith('container.')) expect(resource['container.id']).toMatch(/^[0-9a-f]{64}$/)
      }
    }
    const containers = new Set(samples[0]!.map(({ resource }) => resource['container.id'] ?? ''))
    expect(containers.size - 1).toBeGreaterThan(OPTIONS.workloads)
  })

  it('gives each host its CPU time, and workloads less than was busy', () => {
    const steady = { ...OPTIONS, silent: 0, reboots: 0, late: 0, churn: 0 }
    const [{ host, lane }] = lanesOf(steady) as [ReturnType<typeof lanesOf>[number]]
    const sent = samplesOf(bodies(lane)).filter(({ name }) => name.endsWith('cpu.time'))
    const rise = (part: readonly Sample[]): number => {
      const values = part.toSorted((a, b) => (a.timeNano < b.timeNano ? -1 : 1)).map(({ value }) => value)
      return values.at(-1)! - values[0]!
    }
    const byMode = Map.groupBy(
      sent.filter(({ name }) => name === 'system.cpu.time'),
      ({ labels }) => labels['cpu.mode'] ?? '',
    )
    const modes = new Map([...byMode].map(([mode, part]) => [mode, rise(part)]))
    const capacity = [...modes.values()].reduce((sum, seconds) => sum + seconds, 0)
    expect(capacity).toBeCloseTo(steady.minutes * 60 * host.machine.cores, 2)
    const workloads = Map.groupBy(
      sent.filter(({ name }) => name === 'container.cpu.time'),
      ({ resource }) => resource['container.id'] ?? '',
    )
    const used = [...workloads.values()].reduce((sum, part) => sum + rise(part), 0)
    expect(used).toBeCloseTo(modes.get('user')!, 2)
    expect(modes.get('system')!).toBeGreaterThan(0)
  })
})

const CPU_MODES = 4

describe('spans', () => {
  interface Spans {
    readonly resource_spans: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] }
      readonly scope_spans: readonly { readonly spans: readonly Span[] }[]
    }[]
  }
  interface Span {
    readonly trace_id: string
    readonly span_id: string
    readonly parent_span_id?: string
    readonly start_time_unix_nano: string
    readonly end_time_unix_nano: string
    readonly attributes: readonly Attribute[]
    readonly events: readonly { readonly time_unix_nano: string }[]
  }
  const lane = () => new SpanLane(OPTIONS, { spansPerSecond: 20, spansPerRequest: 100 }, 1, 4)
  const sent = bodies(lane())
  const spans = sent.flatMap(body =>
    decode<Spans>('ExportTraceServiceRequest', body).resource_spans.flatMap(({ scope_spans }) =>
      scope_spans.flatMap(scope => scope.spans),
    ),
  )

  it('have the requested number, the same for the same seed', () => {
    // A quarter of 20 a second, for half an hour, in whole traces of eight.
    expect(spans.length).toBeGreaterThan(8_900)
    expect(spans.length).toBeLessThan(9_100)
    expect(Buffer.concat(bodies(lane())).equals(Buffer.concat(sent))).toBe(true)
  })

  it('have their own ids, and parents in their trace that enclose them', () => {
    const byId = new Map(spans.map(span => [`${span.trace_id} ${span.span_id}`, span]))
    expect(byId.size).toBe(spans.length)
    const roots = spans.filter(span => (span.parent_span_id ?? '') === '')
    expect(roots.length).toBe(spans.length / 8)
    for (const span of spans) {
      const [start, end] = [BigInt(span.start_time_unix_nano), BigInt(span.end_time_unix_nano)]
      expect(end).toBeGreaterThan(start)
      const parent = byId.get(`${span.trace_id} ${span.parent_span_id}`)
      if ((span.parent_span_id ?? '') === '') continue
      expect(BigInt(parent!.start_time_unix_nano)).toBeLessThanOrEqual(start)
      expect(BigInt(parent!.end_time_unix_nano)).toBeGreaterThanOrEqual(end)
    }
    expect(plain(spans[0]!.attributes)).toMatchObject({ 'user.id': expect.stringMatching(/^\d{7}$/) })
    expect(spans.some(({ events }) => events.length > 0)).toBe(true)
  })
})

it('use lanes in the order of their time', () => {
  const lane = (dueMs: number): Lane => ({ dueMs, next: () => null, acknowledged: () => {} })
  const times = [5, 3, 9, 1, 7, 3, 8, 2]
  const queue = new LaneQueue(times.map(lane))
  const taken = times.map(() => queue.pop()!.dueMs)
  expect(taken).toEqual(times.toSorted((a, b) => a - b))
  expect(queue.pop()).toBeUndefined()
})
