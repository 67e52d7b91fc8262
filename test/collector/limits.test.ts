/**
 * Guarantees: every row of the table of limits (docs/limits.md), tested at every entry point: the status, the error
 * code, when to retry; afterwards nothing is held, nothing refused is stored, and the entry point keeps working.
 */
import { constants, crc32, createDeflateRaw, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../collector/intake/clock.ts'
import { createMemoryGuard } from '../../collector/intake/memory-guard.ts'
import { jsonToProtobuf } from '../../collector/otlp/json/json.ts'
import { ENDPOINTS } from '../../core/catalogue/limits/declaration.ts'
import { FIXED_LIMITS, LIMITS, type LimitName } from '../../core/catalogue/limits/limits.ts'
import {
  type DoorAnswer,
  type LimitDoor,
  type LimitRig,
  nestedJson,
  type OpenRig,
  type Payload,
  type Probe,
} from './limits/door.ts'
import { GRPC_DOOR, GRPC_PROBES } from './limits/grpc-door.ts'
import { HTTP_DOORS } from './limits/http-doors.ts'
import { encode } from './otlp/decode/otlp-proto.ts'

const LIMIT_DOORS = [...HTTP_DOORS, GRPC_DOOR]

let rig: LimitRig
afterEach(async () => {
  await rig.receiver.stop()
  await rig.intake.drain()
})
const openOf =
  (door: LimitDoor): OpenRig =>
  async (...given) => {
    rig = await door.open(...given)
    return rig
  }

/** On a connection of its own. */
async function send(door: LimitDoor, payload: Payload): Promise<DoorAnswer> {
  const client = door.connect(rig.port)
  const answer = await client.send(payload)
  client.end()
  return answer
}

const SPAN = {
  trace_id: new Uint8Array(16).fill(1),
  span_id: new Uint8Array(8).fill(1),
  start_time_unix_nano: String(BigInt(Date.now()) * 1_000_000n),
}
const traces = (spans: readonly object[], attributes: readonly object[] = []): Uint8Array =>
  encode('ExportTraceServiceRequest', {
    resource_spans: [{ resource: { attributes }, scope_spans: [{ spans }] }],
  })

const PROBES: Readonly<Record<LimitName, Probe>> = {
  ...GRPC_PROBES,
  async bodyBytes(door, open) {
    await open({ limits: { body_bytes: 10_000 } })
    const bomb = door.bomb(100_000)
    expect(bomb.body.length).toBeLessThan(10_000)
    const unannounced = await door.unannounced?.(rig.port, new Uint8Array(10_001))
    return [
      await send(door, { body: new Uint8Array(10_001) }),
      await send(door, bomb),
      ...(unannounced === undefined ? [] : [unannounced]),
    ]
  },
  async inFlightBytes(door, open) {
    await open({ limits: { in_flight_bytes: 5_000 } })
    return [await send(door, { body: new Uint8Array(5_001) }), await send(door, door.bomb(50_000))]
  },
  async memoryBytes(door, open) {
    const memory = createMemoryGuard({ limitBytes: 1, clock: systemClock, collect: () => {} })
    await open({}, {}, { memory })
    // One request is admitted, and keeps its place until its body has arrived.
    const first = door.connect(rig.port)
    const begun = first.begin(100, new Uint8Array())
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(100)
    const second = await send(door, door.item())
    first.end()
    await begun
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
    return [second]
  },
  async growth(door, open) {
    await open()
    const attributes = Array.from({ length: 128 }, (_, at) => ({ key: `${at}` }))
    const spans = Array.from({ length: 60_000 }, () => SPAN)
    return [await send(door, { body: traces(spans, attributes) })]
  },
  async itemBytes(door, open) {
    await open()
    return [await send(door, door.item({ attributes: 1, valueBytes: FIXED_LIMITS.itemBytes }))]
  },
  async headBytes(door, open) {
    await open()
    const spans = Array.from({ length: 5 }, () => ({ ...SPAN, name: 'x'.repeat(2 ** 20) }))
    const attributes = [{ key: 'k', value: { string_value: 'x'.repeat(FIXED_LIMITS.headBytes) } }]
    return [await send(door, { body: traces(spans, attributes) })]
  },
  async repeatedBytes(door, open) {
    await open()
    const text = 'x'.repeat(4096)
    const attributes = Array.from({ length: 64 }, (_, at) => ({
      key: `${at}`,
      value: { string_value: text },
    }))
    const spans = Array.from({ length: 1100 }, () => SPAN)
    return [await send(door, { body: traces(spans, attributes) })]
  },
  async frames(door, open) {
    await open()
    const frame = zstdCompressSync(new Uint8Array(0))
    const body = Buffer.concat(Array.from({ length: FIXED_LIMITS.frames + 1 }, () => frame))
    return [await send(door, { body, coding: 'zstd' })]
  },
  async zstdWindow(door, open) {
    await open()
    const params = {
      [constants.ZSTD_c_windowLog]: FIXED_LIMITS.zstdWindowLog + 1,
      [constants.ZSTD_c_contentSizeFlag]: 0,
    }
    const body = zstdCompressSync(Buffer.alloc(2 ** (FIXED_LIMITS.zstdWindowLog + 1) + 1), { params })
    return [await send(door, { body, coding: 'zstd' })]
  },
  async jsonDepth(door, open) {
    await open()
    const bodies = [nestedJson(200), '['.repeat(1_000_000)].map(text => Buffer.from(text))
    return [await send(door, { body: bodies[0]! }), await send(door, { body: bodies[1]! })]
  },
  async attributes(door, open) {
    await open()
    return [await send(door, door.item({ attributes: 200 }))]
  },
  async attributeBytes(door, open) {
    await open()
    return [await send(door, door.item({ attributes: 1, valueBytes: 5_000 }))]
  },
  async valueDepth(door, open) {
    await open()
    const text = Buffer.from(nestedJson(40))
    return [await send(door, { body: door.encoding === 'json' ? text : jsonToProtobuf('traces', text) })]
  },
  async future(door, open) {
    await open()
    return [await send(door, door.item({ offsetMs: 3_700_000 }))]
  },
  async past(door, open) {
    await open()
    return [await send(door, door.item({ offsetMs: -31 * 86_400_000 }))]
  },
  async headerBytes(door, open) {
    await open()
    return await door.longHeads(rig.port, FIXED_LIMITS.headerBytes)
  },
  async connections(door, open) {
    await open({}, { maxConnections: 3 })
    const clients = Array.from({ length: 3 }, () => door.connect(rig.port))
    await Promise.all(clients.map(client => client.connected()))
    const answer = await send(door, door.item())
    expect((await clients[0]!.send(door.item())).status).toBe(door.ok)
    for (const client of clients) client.end()
    return [answer]
  },
  async headersTime(door, open) {
    await open({}, { headersMs: 100 })
    return await door.silent(rig.port)
  },
  async requestTime(door, open) {
    await open({}, { requestMs: 200 })
    const slow = door.connect(rig.port)
    const answer = await slow.begin(100, Buffer.from('abc'))
    slow.end()
    return [answer]
  },
  async idleTime(door, open) {
    await open({}, { idleMs: 50 })
    const client = door.connect(rig.port)
    expect((await client.send(door.item())).status).toBe(door.ok)
    await client.closed()
    return [await client.send(door.item())]
  },
  async appendTime(door, open) {
    const after = (ms: number, run: () => void) => systemClock.after(ms / 50, run)
    await open({}, {}, { clock: { ...systemClock, after } })
    rig.broker.mood = () => 'hang'
    return [await send(door, door.item())]
  },
}

/** Rows that concern one encoding. */
const ENCODINGS: Partial<Record<LimitName, LimitDoor['encoding']>> = {
  growth: 'protobuf',
  headBytes: 'protobuf',
  repeatedBytes: 'protobuf',
  jsonDepth: 'json',
}
/** Where the answer says when to retry. */
const PATIENCE: readonly unknown[] = [429, 503, 'UNAVAILABLE', 'DEADLINE_EXCEEDED']

describe.each(LIMIT_DOORS.map(door => [door.name, door] as const))('%s', (_, door) => {
  const rows = (Object.entries(LIMITS) as [LimitName, (typeof LIMITS)[LimitName]][]).filter(
    ([name, { answers }]) =>
      answers[door.door] !== null && (ENCODINGS[name] ?? door.encoding) === door.encoding,
  )

  it.each(rows)('%s', async (name, { answers, code }) => {
    const given = await PROBES[name](door, openOf(door))
    expect(given.length).toBeGreaterThan(0)
    for (const { status, text, saysWhen } of given) {
      expect(status).toBe(answers[door.door])
      if (code !== null) expect(text).toContain(`${code}:`)
      expect(saysWhen).toBe(PATIENCE.includes(status))
      if (status === 200 || status === 'OK') expect(text).toMatch(/rejected|cut/)
      if (status === 400 && code === null) expect(text).toMatch(/rejected/)
    }
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })
})

it('tests every entry point in the table', () => {
  expect(new Set(LIMIT_DOORS.map(({ door }) => door))).toEqual(new Set(Object.keys(ENDPOINTS)))
})

/** A gzip of zeros from one repeated block, so that ten gibibytes are made in no time. */
async function hugeGzip(bytes: number): Promise<Buffer> {
  const block = new Uint8Array(1024 * 1024)
  const deflate = createDeflateRaw({ level: 9 })
  const parts: Buffer[] = []
  deflate.on('data', part => parts.push(part))
  deflate.write(block)
  await new Promise<void>(resolve => deflate.flush(constants.Z_FULL_FLUSH, () => resolve()))
  const flushed = Buffer.concat(parts)
  deflate.destroy()
  const header = Buffer.from('1f8b08000000000000ff', 'hex')
  const trailer = Buffer.alloc(10)
  trailer.set([3, 0])
  trailer.writeUInt32LE(crc32(block), 2)
  return Buffer.concat([header, ...Array.from({ length: bytes / block.length }, () => flushed), trailer])
}

const otlpDoors = LIMIT_DOORS.filter(({ encoding }) => encoding === 'protobuf')

describe.each(otlpDoors.map(door => [door.name, door] as const))('%s', (_, door) => {
  const span = (name: Uint8Array): Buffer => {
    const fields = Buffer.concat([
      Buffer.of(0x0a, 16, ...new Uint8Array(16).fill(1), 0x12, 8, ...new Uint8Array(8).fill(2)),
      Buffer.of(0x2a, name.length, ...name, 0x39),
      Buffer.from(new BigUint64Array([BigInt(Date.now()) * 1_000_000n]).buffer),
    ])
    const nested = (tag: number, inner: Buffer) => Buffer.concat([Buffer.of(tag, inner.length), inner])
    return nested(0x0a, nested(0x12, nested(0x12, fields)))
  }
  const refused = LIMITS.frames.answers[door.door]

  it.each([
    ['nothing at all', Buffer.alloc(0), door.ok, []],
    ['a resource without anything', Buffer.of(0x0a, 0), door.ok, []],
    ['a scope without anything', Buffer.of(0x0a, 2, 0x12, 0), door.ok, []],
    ['text that is not UTF-8', span(Buffer.of(0x61, 0xff)), door.ok, ['a\ufffd']],
    ['a length one too long', Buffer.of(0x0a, 3, 0x12, 0), refused, []],
    ['the largest length there is', Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0), refused, []],
    ['a good span before a length that lies', Buffer.of(...span(Buffer.of(0x61)), 0x0a, 9), refused, []],
  ])('takes or refuses %s', async (_what, body, status, names) => {
    await openOf(door)()
    expect((await send(door, { body })).status).toBe(status)
    expect(rig.broker.spanNames()).toEqual(names)
    expect(rig.intake.stats().inFlightBytes).toBe(0)
  })

  it('takes ten mebibytes of gzip with ten gibibytes of content, at no more cost than the limit', async () => {
    await openOf(door)()
    const body = await hugeGzip(10 * 2 ** 30)
    expect(body.length).toBeLessThan(11 * 2 ** 20)
    let peak = 0
    const before = process.memoryUsage()
    const watch = setInterval(() => {
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      peak = Math.max(peak, heapUsed + arrayBuffers)
    }, 2)
    const cpuBefore = process.cpuUsage()
    const answer = await send(door, { body, coding: 'gzip' })
    const { user, system } = process.cpuUsage(cpuBefore)
    clearInterval(watch)
    expect(answer.status).toBe(LIMITS.bodyBytes.answers[door.door])
    // 64 MiB are inflated before the limit is reached, and held at most twice while their buffer grows.
    expect(peak - before.heapUsed - before.arrayBuffers).toBeLessThan(256 * 2 ** 20)
    expect((user + system) / 1e6).toBeLessThan(3)
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })
})
