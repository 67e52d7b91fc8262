/**
 * Guarantees: every row of the table of limits (docs/limits.md), driven against every door: the status, the error code, when
 * to come back; afterwards nothing is held, nothing is stored that was refused, and the door goes on.
 */
import { once } from 'node:events'
import { constants, crc32, createDeflateRaw, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../collector/intake/clock.ts'
import { createMemoryGuard } from '../../collector/intake/memory-guard.ts'
import { jsonToProtobuf } from '../../collector/otlp/json.ts'
import { DOORS, FIXED_LIMITS, LIMITS, type LimitName } from '../../core/runtime/limits.ts'
import { LIMIT_DOORS, type LimitDoor, spanJson } from './limits/doors.ts'
import { encode } from './otlp/decode/otlp-proto.ts'
import { type HttpRig, httpRig, post, RawClient, type RawReply } from './otlp/http-rig.ts'

let rig: HttpRig
afterEach(async () => {
  await rig.receiver.stop()
  await rig.intake.drain()
})

type Answer = RawReply | 'closed'
/** Brings about what is beyond the limit; every answer must be that of the table. */
type Probe = (door: LimitDoor) => Promise<readonly Answer[]>

const send = (door: LimitDoor, body: Uint8Array, headers = door.headers) =>
  post(rig.port, door.path, headers, body)

async function answerOn(client: RawClient): Promise<Answer> {
  try {
    return await client.reply()
  } catch {
    return 'closed'
  } finally {
    client.socket.destroy()
  }
}

const head = (door: LimitDoor, more: Readonly<Record<string, string>>): string =>
  `POST ${door.path} HTTP/1.1\r\n${Object.entries({ host: 'localhost', ...door.headers, ...more })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

const PROTOBUF = LIMIT_DOORS[0]!

const PROBES: Readonly<Record<LimitName, Probe>> = {
  async bodyBytes(door) {
    rig = await httpRig({ limits: { body_bytes: 10_000 } })
    const chunked = new RawClient(rig.port)
    chunked.write(head(door, { 'transfer-encoding': 'chunked' }))
    chunked.write(`2711\r\n${'x'.repeat(10_001)}\r\n0\r\n\r\n`)
    const bomb = door.bomb(100_000)
    expect(bomb.body.length).toBeLessThan(10_000)
    return [
      await send(door, new Uint8Array(10_001)),
      await answerOn(chunked),
      await send(door, bomb.body, bomb.headers),
    ]
  },
  async inFlightBytes(door) {
    rig = await httpRig({ limits: { in_flight_bytes: 5_000 } })
    const bomb = door.bomb(50_000)
    return [await send(door, new Uint8Array(5_001)), await send(door, bomb.body, bomb.headers)]
  },
  async memoryBytes(door) {
    const memory = createMemoryGuard({ limitBytes: 1, clock: systemClock, collect: () => {} })
    rig = await httpRig({}, {}, { memory })
    // One is let in, and holds its place until its body has come.
    const first = new RawClient(rig.port)
    first.write(head(door, { 'content-length': '100' }))
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(100)
    const second = await send(door, door.item())
    first.socket.destroy()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
    return [second]
  },
  async growth(door) {
    rig = await httpRig()
    const attributes = Array.from({ length: 128 }, (_, at) => ({
      key: `key-${at}`,
      value: { string_value: `${at}` },
    }))
    const span = {
      trace_id: new Uint8Array(16).fill(1),
      span_id: new Uint8Array(8).fill(1),
      start_time_unix_nano: String(BigInt(Date.now()) * 1_000_000n),
    }
    const spans = Array.from({ length: 60_000 }, () => span)
    const request = { resource_spans: [{ resource: { attributes }, scope_spans: [{ spans }] }] }
    if (door !== PROTOBUF) return []
    return [await send(door, encode('ExportTraceServiceRequest', request))]
  },
  async frames(door) {
    rig = await httpRig()
    const frame = zstdCompressSync(new Uint8Array(0))
    const body = Buffer.concat(Array.from({ length: FIXED_LIMITS.frames + 1 }, () => frame))
    return [await send(door, body, { ...door.headers, 'content-encoding': 'zstd' })]
  },
  async zstdWindow(door) {
    rig = await httpRig()
    const params = {
      [constants.ZSTD_c_windowLog]: FIXED_LIMITS.zstdWindowLog + 1,
      [constants.ZSTD_c_contentSizeFlag]: 0,
    }
    const body = zstdCompressSync(Buffer.alloc(2 ** (FIXED_LIMITS.zstdWindowLog + 1) + 1), { params })
    return [await send(door, body, { ...door.headers, 'content-encoding': 'zstd' })]
  },
  async jsonDepth(door) {
    rig = await httpRig()
    if (door.headers['content-type'] !== 'application/json') return []
    const deep = `${'{"arrayValue":{"values":['.repeat(200)}{}${']}}'.repeat(200)}`
    const body = spanJson({ attributes: 1 }).replace('{"stringValue":"v"}', deep)
    return [await send(door, Buffer.from(body)), await send(door, Buffer.from('['.repeat(1_000_000)))]
  },
  async attributes(door) {
    rig = await httpRig()
    return [await send(door, door.item({ attributes: 200 }))]
  },
  async attributeBytes(door) {
    rig = await httpRig()
    return [await send(door, door.item({ attributes: 1, valueBytes: 5_000 }))]
  },
  async valueDepth(door) {
    rig = await httpRig()
    const deep = `${'{"arrayValue":{"values":['.repeat(40)}{}${']}}'.repeat(40)}`
    const text = Buffer.from(spanJson({ attributes: 1 }).replace('{"stringValue":"v"}', deep))
    return [await send(door, door === PROTOBUF ? jsonToProtobuf('traces', text) : text)]
  },
  async future(door) {
    rig = await httpRig()
    return [await send(door, door.item({ offsetMs: 3_700_000 }))]
  },
  async past(door) {
    rig = await httpRig()
    return [await send(door, door.item({ offsetMs: -31 * 86_400_000 }))]
  },
  async headerBytes(door) {
    rig = await httpRig()
    const inHeader = new RawClient(rig.port)
    inHeader.write(head(door, { 'x-long': 'x'.repeat(FIXED_LIMITS.headerBytes) }))
    const inUrl = new RawClient(rig.port)
    inUrl.write(
      `POST ${door.path}?${'x'.repeat(FIXED_LIMITS.headerBytes)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    )
    return [await answerOn(inHeader), await answerOn(inUrl)]
  },
  async connections(door) {
    rig = await httpRig({}, { maxConnections: 3 })
    const open = Array.from({ length: 3 }, () => new RawClient(rig.port))
    await Promise.all(open.map(client => once(client.socket, 'connect')))
    const next = new RawClient(rig.port)
    next.post(door.path, door.headers, door.item())
    const answer = await answerOn(next)
    open[0]!.post(door.path, door.headers, door.item())
    expect((await open[0]!.reply()).status).toBe(door.ok)
    for (const client of open) client.socket.destroy()
    return [answer]
  },
  async headersTime(door) {
    rig = await httpRig({}, { timeouts: { headersMs: 100 } })
    const silent = new RawClient(rig.port)
    const slow = new RawClient(rig.port)
    slow.write(`POST ${door.path} HTTP/1.1\r\nHost: loc`)
    return await Promise.all([answerOn(silent), answerOn(slow)])
  },
  async requestTime(door) {
    rig = await httpRig({}, { timeouts: { requestMs: 200 } })
    const slow = new RawClient(rig.port)
    slow.write(head(door, { 'content-length': '100' }))
    slow.write('abc')
    return [await answerOn(slow)]
  },
  async idleTime(door) {
    rig = await httpRig({}, { timeouts: { keepAliveMs: 50 } })
    const client = new RawClient(rig.port)
    client.post(door.path, door.headers, door.item())
    expect((await client.reply()).status).toBe(door.ok)
    return [await answerOn(client)]
  },
  async appendTime(door) {
    const after = (ms: number, run: () => void) => systemClock.after(ms / 50, run)
    rig = await httpRig({}, {}, { clock: { ...systemClock, after } })
    rig.broker.mood = () => 'hang'
    return [await send(door, door.item())]
  },
}

describe.each(LIMIT_DOORS.map(door => [door.name, door] as const))('%s', (_, door) => {
  const rows = Object.entries(LIMITS).filter(([, { answers }]) => answers[door.door] !== null)

  it.each(rows)('%s', async (name, { answers, code }) => {
    const expected = answers[door.door]
    for (const answer of await PROBES[name as LimitName](door)) {
      if (answer === 'closed') {
        expect(answer).toBe(expected)
        continue
      }
      expect(answer.status).toBe(expected)
      const text = answer.body.toString()
      if (code !== null) expect(text).toContain(`${code}:`)
      expect(answer.headers.has('retry-after')).toBe([429, 503].includes(answer.status))
      if (answer.status === 200) expect(text).toMatch(/rejected|cut/)
      if (answer.status === 400 && code === null) expect(text).toMatch(/rejected/)
    }
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })
})

it('drives every door that the table has', () => {
  expect(new Set(LIMIT_DOORS.map(({ door }) => door))).toEqual(new Set(Object.keys(DOORS)))
})

/** A gzip of zeros made of one block again and again, so that ten gibibytes take no time to make. */
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

it('ten mebibytes of gzip that hold ten gibibytes cost no more than the limit', async () => {
  rig = await httpRig()
  const body = await hugeGzip(10 * 2 ** 30)
  expect(body.length).toBeLessThan(11 * 2 ** 20)
  let peak = 0
  const before = process.memoryUsage()
  const watch = setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    peak = Math.max(peak, heapUsed + arrayBuffers)
  }, 2)
  const cpuBefore = process.cpuUsage()
  const reply = await post(
    rig.port,
    '/v1/traces',
    { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    body,
  )
  const { user, system } = process.cpuUsage(cpuBefore)
  clearInterval(watch)
  expect(reply.status).toBe(413)
  // 64 MiB are inflated before the limit is reached, and kept at most twice while their buffer grows.
  expect(peak - before.heapUsed - before.arrayBuffers).toBeLessThan(256 * 2 ** 20)
  expect((user + system) / 1e6).toBeLessThan(3)
  await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
})
