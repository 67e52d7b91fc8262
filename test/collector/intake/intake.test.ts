/**
 * Guarantees: an answer means that every row of the request is in the log; a failing, hanging or half-failing log never
 * loses an acknowledged id; requests in flight share records; thin traffic makes one record a second; large requests
 * become several records of the usual size; readings go to the partition of their host; undecodable requests leave
 * nothing behind; bytes in flight are limited and released; a failure of the log is answered at once and ends by
 * itself; draining answers everything.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import type { Reading } from '../../../collector/readings/reading.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { partitionOf } from '../../../core/model/partition.ts'
import { metricPoints, readings, traces } from '../../../core/model/streams/index.ts'
import { type Mood, type Rig, rig, settle } from './fakes.ts'
import { tracesBytes, tracesJson } from './payloads.ts'

const reading = (host: string, value: bigint): Reading => ({
  Tenant: 'default',
  Host: host,
  HostName: host,
  BootId: 'boot',
  Timestamp: 1_700_000_000_000_000_000n,
  Quantity: 'energy',
  Domain: 'package-0',
  Device: '',
  WorkloadKind: '',
  WorkloadId: '',
  Value: value,
  RangeMax: 0n,
  Source: 'test',
  Quality: 'measured',
  Attributes: {},
})

const ingest = (target: Rig, body: Uint8Array) => {
  const answer = target.intake.ingest('traces', 'protobuf', body, 'default')
  // Tests check it later: until then a rejection must not count as unhandled.
  answer.catch(() => {})
  return answer
}

const send = (target: Rig, names: readonly string[], padding = 0) =>
  ingest(target, tracesBytes(names, { padding }))

/** State of a promise after everything due has run. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  const pending = Symbol('pending')
  const settled = await Promise.race([
    promise.then(
      () => 'ok',
      error => (error instanceof WattlineError ? error.code : `${error}`),
    ),
    settle().then(() => pending),
  ])
  return typeof settled === 'string' ? settled : 'pending'
}

/** A request with one point that is a reading and one that is not. */
function withReading(): Buffer {
  const point = {
    timeUnixNano: '1700000000000000000',
    asInt: '1000',
    attributes: [
      { key: 'hw.type', value: { stringValue: 'cpu' } },
      { key: 'hw.id', value: { stringValue: 'package-0' } },
    ],
  }
  const request = {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'host.id', value: { stringValue: 'alpha' } }] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'hw.energy',
                unit: 'J',
                sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] },
              },
              { name: 'queue.length', gauge: { dataPoints: [point] } },
            ],
          },
        ],
      },
    ],
  }
  return Buffer.from(JSON.stringify(request))
}

describe('group commit', () => {
  it('answers a lone request at once, and others near it after the short wait, when they are in the log', async () => {
    const target = rig()
    const lone = send(target, ['a'])
    await target.clock.advance(1)
    expect(await outcome(lone)).toBe('pending')
    expect(target.broker.stored).toEqual([])
    await target.clock.advance(1)
    expect(await outcome(lone)).toBe('ok')
    expect(target.broker.spanNames()).toEqual(['a'])
    expect(target.events.sum('itemsAccepted', { signal: 'traces' })).toBe(1)
    await target.clock.advance(500)
    const other = send(target, ['b'])
    await target.clock.advance(999)
    expect(await outcome(other)).toBe('pending')
    await target.clock.advance(1)
    expect(await outcome(other)).toBe('ok')
  })

  it.each([
    [1, 21, 9],
    [8, 21, 60],
    [8, 150, 20],
  ])('does not delay %i clients that return %i ms after each answer', async (clients, thinkMs, least) => {
    const target = rig()
    const seconds = 4
    let answered = 0
    let isOver = false
    const client = async (at: number): Promise<void> => {
      const connection = {}
      while (!isOver) {
        const admission = target.intake.open('traces', connection)
        await admission.ingest('protobuf', tracesBytes([`s${at}`]), { tenant: 'default' })
        admission.close()
        answered += 1
        await new Promise<void>(resolve => target.clock.after(thinkMs + at, resolve))
      }
    }
    const done = Array.from({ length: clients }, (_, at) => client(at))
    await target.clock.advance(seconds * 1_000)
    isOver = true
    await target.clock.advance(2_000)
    await Promise.all(done)
    expect(answered / seconds).toBeGreaterThan(least)
    // Ten a second, and ten that were saved.
    expect(target.broker.records('traces').length).toBeLessThanOrEqual(10 * (seconds + 2) + 11)
  })

  it('writes one record a second for many small requests', async () => {
    const target = rig()
    const sent: Promise<unknown>[] = []
    for (let tick = 0; tick < 100; tick++) {
      sent.push(send(target, [`span-${tick}`]))
      await target.clock.advance(50)
    }
    await target.clock.advance(1_000)
    await Promise.all(sent)
    expect(target.broker.records('traces').length).toBeLessThanOrEqual(6)
    expect(target.broker.spanNames().sort()).toEqual(sent.map((_, tick) => `span-${tick}`).sort())
  })

  it('does not delay a client that sends a full exporter batch right after each answer', async () => {
    const target = rig()
    const names = Array.from({ length: 512 }, (_, index) => `s${index}`)
    let answered = 0
    const client = async () => {
      for (let round = 0; round < 20; round++) {
        await send(target, names)
        answered += 1
      }
    }
    const done = client()
    for (let tick = 0; tick < 500 && answered < 20; tick++) await target.clock.advance(10)
    await done
    // 100 ms each and a tick of this test.
    expect(target.clock.nowMs - 1_000).toBeLessThan(20 * 125)
  })

  it('closes a large enough batch as soon as every open request is in it', async () => {
    const target = rig()
    const names = Array.from({ length: 600 }, (_, index) => `s${index}`)
    const late = target.intake.open('traces')
    const first = send(target, names)
    const second = send(target, names)
    await target.clock.advance(20)
    expect(await outcome(first)).toBe('pending')
    late.close()
    await target.clock.advance(2)
    expect(await outcome(Promise.all([first, second]))).toBe('ok')
    expect(target.broker.records('traces').length).toBe(1)
  })

  it('closes the batches of all tables together when every open request is in them', async () => {
    const target = rig()
    const dataPoints = Array.from({ length: 600 }, (_, asInt) => ({
      asInt,
      timeUnixNano: '1700000000000000000',
    }))
    const histogramPoint = ({ timeUnixNano }: { readonly timeUnixNano: string }) => ({
      timeUnixNano,
      count: '1',
    })
    const metrics = [
      { name: 'queue.length', gauge: { dataPoints } },
      { name: 'requests', histogram: { dataPoints: dataPoints.map(histogramPoint) } },
    ]
    const body = Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
    const sent = [1, 2].map(() => target.intake.ingest('metrics', 'json', body, 'default'))
    await target.clock.advance(2)
    expect(await outcome(Promise.all(sent))).toBe('ok')
    expect(target.broker.records('metric_points').length).toBe(1)
    expect(target.broker.records('metric_histograms').length).toBe(1)
  })

  it('limits the appends in flight and keeps batching while the limit is reached', async () => {
    const target = rig()
    const { promise, resolve } = Promise.withResolvers<void>()
    target.broker.gate = promise
    const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`)
    const sent: Promise<unknown>[] = []
    for (let round = 0; round < 12; round++) {
      sent.push(send(target, names))
      await target.clock.advance(150)
    }
    expect(target.broker.maxInFlight).toBe(4)
    resolve()
    await target.clock.advance(1_000)
    await Promise.all(sent)
    // 1,000 rows each in the first four; then a second's worth in one.
    expect(target.broker.records('traces').length).toBeLessThanOrEqual(6)
    expect(target.broker.spanNames().length).toBe(12_000)
  })

  it('never lets a shared record grow far beyond its limits', async () => {
    const target = rig({ group_commit: { rows: 30 } })
    const sent = Array.from({ length: 40 }, (_, index) => send(target, [`${index}a`, `${index}b`]))
    await target.clock.advance(1_000)
    await Promise.all(sent)
    const rows = target.broker.records('traces').map(record => decodeRows(traces, record).length)
    expect(rows).toEqual([30, 30, 20])
  })

  it('closes a batch before the next request would exceed its bytes', async () => {
    const target = rig({ group_commit: { bytes: 18_000 } })
    const sent = Array.from({ length: 3 }, (_, index) => send(target, [`${index}`], 15_000))
    await target.clock.advance(1_000)
    await Promise.all(sent)
    expect(target.broker.records('traces').length).toBe(3)
  })
})

describe('large requests', () => {
  it('become several records of the usual size, with every span once and in order', async () => {
    const target = rig({ group_commit: { rows: 500, bytes: 1_000_000 } })
    const names = Array.from({ length: 3_000 }, (_, index) => `span-${index}`)
    const sent = send(target, names, 1_000)
    await target.clock.advance(50)
    for (let turn = 0; turn < 20; turn++) await settle()
    expect(await sent).toMatchObject({ accepted: 3_000, rejected: 0 })
    expect(target.broker.spanNames()).toEqual(names)
    expect(target.broker.records('traces').length).toBeGreaterThanOrEqual(3)
    // One append: all of them or none.
    expect(target.broker.stored.length).toBe(1)
    expect(target.intake.stats()).toEqual({
      inFlightBytes: 0,
      openRequests: 0,
      openRows: 0,
      brokerFailure: null,
    })
  })

  it('lose only an item that is too large', async () => {
    const target = rig()
    const large = tracesJson(['large'], { padding: 5 * 2 ** 20 }).resourceSpans
    const request = {
      resourceSpans: [
        ...tracesJson(['before']).resourceSpans,
        ...large,
        ...tracesJson(['after']).resourceSpans,
      ],
    }
    const sent = ingest(target, jsonToProtobuf('traces', Buffer.from(JSON.stringify(request))))
    for (let turn = 0; turn < 20; turn++) await settle()
    expect(await sent).toMatchObject({ accepted: 2, rejected: 1, reasons: new Map([['item_too_large', 1]]) })
    expect(target.broker.spanNames()).toEqual(['before', 'after'])
  })

  it('close a record before its rows repeat more than the engine accepts', async () => {
    const target = rig()
    const names = Array.from({ length: 4_000 }, (_, index) => `span-${index}`)
    const attributes = Array.from({ length: 10 }, (_, at) => ({
      key: `${at}`,
      value: { stringValue: 'x'.repeat(4_000) },
    }))
    const { resourceSpans } = tracesJson(names, { padding: 300 })
    const request = { resourceSpans: [{ ...resourceSpans[0]!, resource: { attributes } }] }
    const body = jsonToProtobuf('traces', Buffer.from(JSON.stringify(request)))
    expect(body.length).toBeLessThan(4 * 2 ** 20)
    const sent = ingest(target, body)
    for (let turn = 0; turn < 20; turn++) await settle()
    expect(await sent).toMatchObject({ accepted: 4_000, rejected: 0 })
    expect(target.broker.spanNames()).toEqual(names)
    // 160 megabytes to the engine, of which a record holds a part.
    expect(target.broker.records('traces').length).toBeGreaterThanOrEqual(2)
  })

  it('do not share a record if together their rows would repeat too much', async () => {
    const target = rig()
    const { resourceSpans } = tracesJson(Array.from({ length: 1_000 }, (_, index) => `span-${index}`))
    const attributes = Array.from({ length: 10 }, (_, at) => ({
      key: `${at}`,
      value: { stringValue: 'x'.repeat(4_000) },
    }))
    const request = { resourceSpans: [{ ...resourceSpans[0]!, resource: { attributes } }] }
    const body = jsonToProtobuf('traces', Buffer.from(JSON.stringify(request)))
    const sent = [ingest(target, body), ingest(target, body), ingest(target, body)]
    await target.clock.advance(1_000)
    await Promise.all(sent)
    // 40 MB each: two of them are more than 64 MiB.
    expect(target.broker.records('traces')).toHaveLength(3)
  })

  it('do not share a record of readings either', async () => {
    const target = rig()
    const attributes = ['host.id', ...Array.from({ length: 10 }, (_, at) => `${at}`)].map(key => ({
      key,
      value: { stringValue: key === 'host.id' ? 'h' : 'x'.repeat(4_000) },
    }))
    const dataPoints = Array.from({ length: 1_000 }, (_, at) => ({
      timeUnixNano: String(1_700_000_000_000_000_000n + BigInt(at)),
      asInt: String(at),
      attributes: [
        { key: 'hw.type', value: { stringValue: 'cpu' } },
        { key: 'hw.id', value: { stringValue: 'package-0' } },
      ],
    }))
    const sum = { dataPoints, aggregationTemporality: 2, isMonotonic: true }
    const metrics = [{ name: 'hw.energy', unit: 'J', sum }]
    const request = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }
    const body = Buffer.from(JSON.stringify(request))
    const sent = [1, 2, 3].map(() => target.intake.ingest('metrics', 'json', body, 'default'))
    await target.clock.advance(1_000)
    await Promise.all(sent)
    const records = target.broker.records('readings')
    expect(records.map(record => decodeRows(readings, record).length)).toEqual([1_000, 1_000, 1_000])
  })

  it('leave nothing behind if their last byte is missing', async () => {
    const target = rig()
    const body = tracesBytes(
      Array.from({ length: 5_000 }, (_, index) => `span-${index}`),
      { padding: 1_000 },
    )
    const sent = ingest(target, body.subarray(0, -1))
    for (let turn = 0; turn < 20; turn++) await settle()
    expect(await outcome(sent)).toBe('body_undecodable')
    expect(target.broker.stored).toEqual([])
  })
})

describe('readings', () => {
  it('go to the partition of their host, in records of that partition only', async () => {
    const target = rig()
    const hosts = ['alpha', 'beta', 'gamma', 'delta', 'epsilon']
    const sent = target.intake.appendReadings(
      'default',
      hosts.map((host, index) => reading(host, BigInt(index))),
    )
    await target.clock.advance(1_000)
    await sent
    const found = target.broker.stored.flatMap(({ partition, records }) =>
      records.flatMap(record => decodeRows(readings, record.value).map(row => [row.Host, partition])),
    )
    expect(new Map(found as [string, number][])).toEqual(
      new Map(hosts.map(host => [host, partitionOf('default', host, 2)])),
    )
    expect(target.events.sum('itemsAccepted', { signal: 'readings' })).toBe(5)
  })

  it('are recognised among the metrics of a request, which is answered when both are in the log', async () => {
    const target = rig()
    const sent = target.intake.ingest('metrics', 'json', withReading(), 'default')
    await target.clock.advance(1_000)
    expect(await sent).toMatchObject({ accepted: 2, rejected: 0 })
    expect(target.broker.stored.map(entry => entry.stream).sort()).toEqual(['metric_points', 'readings'])
    const [row] = decodeRows(readings, target.broker.records('readings')[0]!)
    expect(row).toMatchObject({ Tenant: 'default', Host: 'alpha', Quantity: 'energy', Value: 1_000_000_000n })
  })

  it('are not stored as metrics besides where the configuration says so, which is counted', async () => {
    const target = rig({ metrics: { recognised: 'drop' } })
    const sent = target.intake.ingest('metrics', 'json', withReading(), 'default')
    await target.clock.advance(1_000)
    expect(await sent).toMatchObject({ accepted: 2, rejected: 0 })
    const points = target.broker.records('metric_points').flatMap(record => decodeRows(metricPoints, record))
    expect(points.map(({ MetricName }) => MetricName)).toEqual(['queue.length'])
    expect(target.broker.records('readings').flatMap(record => decodeRows(readings, record))).toHaveLength(1)
    expect(target.events.sum('pointsNotKept')).toBe(1)
    expect(target.events.sum('itemsAccepted', { signal: 'metrics' })).toBe(2)
  })

  it('of another tenant are refused', async () => {
    const target = rig()
    expect(await outcome(target.intake.appendReadings('other', [reading('alpha', 1n)]))).toBe(
      'invariant_broken',
    )
  })
})

describe('bad bytes', () => {
  it('are refused and leave the batch of the other requests unchanged', async () => {
    const target = rig()
    const good = send(target, ['good'])
    const bad = ingest(target, tracesBytes(['bad']).subarray(0, -3))
    expect(await outcome(bad)).toBe('body_undecodable')
    await target.clock.advance(1_000)
    await good
    expect(target.broker.spanNames()).toEqual(['good'])
  })
})

describe('the budget', () => {
  it('refuses what exceeds it, and releases bytes after the answer', async () => {
    const body = tracesBytes(['a'])
    const target = rig({ limits: { in_flight_bytes: body.length } })
    const first = ingest(target, body)
    expect(await outcome(ingest(target, body))).toBe('overloaded')
    await target.clock.advance(1_000)
    await first
    expect(target.intake.stats().inFlightBytes).toBe(0)
    const third = ingest(target, body)
    await target.clock.advance(1_000)
    expect(await outcome(third)).toBe('ok')
  })
})

describe('a failing log', () => {
  it('is answered at once until the log works again', async () => {
    const target = rig()
    target.broker.mood = () => 'refuse'
    target.broker.pingFails = true
    const failed = send(target, ['a'])
    await target.clock.advance(1_000)
    expect(await outcome(failed)).toBe('broker_unavailable')
    expect(await outcome(send(target, ['b']))).toBe('broker_unavailable')
    expect(await outcome(target.intake.appendReadings('default', [reading('alpha', 1n)]))).toBe(
      'broker_unavailable',
    )
    expect(target.intake.stats().brokerFailure).not.toBeNull()

    target.broker.mood = () => 'store'
    target.broker.pingFails = false
    await target.clock.advance(1_000)
    expect(target.intake.stats().brokerFailure).toBeNull()
    const again = send(target, ['a'])
    await target.clock.advance(1_000)
    expect(await outcome(again)).toBe('ok')
    expect(target.broker.spanNames()).toEqual(['a'])
    expect(target.events.sum('intakePaused')).toBe(1)
    expect(target.events.sum('intakeResumed')).toBe(1)
  })

  it('that hangs is answered after ten seconds', async () => {
    const target = rig()
    target.broker.mood = () => 'hang'
    const sent = send(target, ['a'])
    await target.clock.advance(10_001)
    expect(await outcome(sent)).toBe('pending')
    await target.clock.advance(1)
    expect(await outcome(sent)).toBe('broker_unavailable')
  })

  it('that hangs forever does not keep requests waiting forever', async () => {
    const target = rig({ group_commit: { rows: 1 } })
    target.broker.mood = () => 'hang'
    const sent = Array.from({ length: 6 }, (_, index) => send(target, [`${index}`]))
    await target.clock.advance(12_000)
    expect(await Promise.all(sent.map(outcome))).toEqual(sent.map(() => 'broker_unavailable'))
  })

  it('never loses an acknowledged id, whatever the log does and when', async () => {
    const moods = fc.array(fc.constantFrom<Mood>('store', 'refuse', 'store and fail', 'hang'), {
      minLength: 1,
    })
    const steps = fc.array(
      fc.record({
        spans: fc.integer({ min: 1, max: 40 }),
        waitMs: fc.constantFrom(0, 1, 30, 400, 1_500, 12_000),
      }),
      { minLength: 1, maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(moods, steps, async (sequence, requests) => {
        const target = rig({ group_commit: { rows: 64 } })
        let turn = 0
        target.broker.mood = () => sequence[turn++ % sequence.length]!
        const sent: { names: string[]; answer: Promise<string> }[] = []
        for (const [index, { spans, waitMs }] of requests.entries()) {
          const names = Array.from({ length: spans }, (_, span) => `${index}-${span}`)
          const answer = send(target, names).then(
            () => 'ok',
            error => (error instanceof WattlineError ? error.disposition : `not ours: ${error}`),
          )
          sent.push({ names, answer })
          await target.clock.advance(waitMs)
        }
        await target.clock.advance(30_000)
        const stored = target.broker.spanNames()
        const inLog = new Set(stored)
        expect(stored.length).toBe(inLog.size)
        for (const { names, answer } of sent) {
          const said = await Promise.race([answer, settle().then(() => 'never answered')])
          expect(['ok', 'retry']).toContain(said)
          if (said === 'ok') expect(names.filter(name => !inLog.has(name))).toEqual([])
        }
        expect(target.intake.stats()).toMatchObject({ inFlightBytes: 0, openRequests: 0, openRows: 0 })
      }),
      { numRuns: 60 },
    )
  })
})

describe('drain', () => {
  it('closes open batches at once, answers them and accepts nothing more', async () => {
    const target = rig()
    const sent = send(target, ['a'])
    const drained = target.intake.drain()
    expect(await outcome(sent)).toBe('ok')
    expect(await outcome(drained)).toBe('ok')
    expect(await outcome(send(target, ['b']))).toBe('draining')
    expect(target.broker.spanNames()).toEqual(['a'])
  })
})
