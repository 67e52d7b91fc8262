import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SEES_SETTING, SERVER_KEY, seesAll } from '../../core/warehouse/fence/policies.ts'
import { startClickHouseFront } from './clickhouse-front/front.ts'
import { type KafkaServer, startKafka } from './kafka/kafka-server.ts'
import { encodeTraces } from './otlp.ts'
import { until } from './until.ts'
import { startProcess, type WattlineProcess } from './wattline-process.ts'

export interface OutageOptions {
  readonly log: 'embedded' | 'kafka'
  /** Acknowledged while the warehouse is down. */
  readonly spans: number
  /** The load of a second: one request, and one record of the log. */
  readonly spansPerSecond: number
  /**
   * How long nothing arrives while the warehouse is down, to show that waiting costs nothing; some seconds before and
   * after, too.
   */
  readonly quietSeconds: number
  readonly say: (line: string) => void
}

/** Memory in MB, split into heap, the libraries' own memory, and mapped pages of files. */
export interface Memory {
  readonly phase: 'before' | 'filling' | 'down' | 'catching up' | 'after'
  readonly anonymous: number
  readonly file: number
}

export interface OutageReport {
  readonly acknowledged: number
  readonly fillSeconds: number
  readonly catchUpSeconds: number
  /** Stored while catching up, including arrivals, per second. */
  readonly storedPerSecond: number
  /** Process CPU while catching up, per million spans. */
  readonly cpuSecondsPerMillion: number
  readonly memory: readonly Memory[]
  /** Rows and distinct span ids in the table. */
  readonly rows: number
  readonly distinct: number
  readonly lowest: number
  readonly highest: number
  readonly inserts: number
  /** Inserts with a lower offset than one that was already answered in its partition. */
  readonly outOfOrder: readonly string[]
}

/**
 * A warehouse that goes away under load, and comes back: a whole process behind OTLP, a ClickHouse server behind a
 * proxy that can refuse connections and records in which order tokens were stored.
 */
export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const endings: (() => Promise<unknown>)[] = []
  let wattline: WattlineProcess | null = null
  try {
    const front = await startClickHouseFront()
    endings.push(() => front.destroy())
    const proxy = await startTokenProxy(Number(new URL(front.url).port))
    endings.push(() => proxy.close())
    const kafka = options.log === 'kafka' ? await startKafka() : null
    if (kafka !== null) endings.push(() => kafka.destroy())
    const data = mkdtempSync(join(tmpdir(), 'wattline-outage-'))
    endings.push(async () => rmSync(data, { recursive: true, force: true }))
    const process = await startProcess({ data, environment: environmentOf(options, proxy.port, kafka) })
    wattline = process
    endings.push(() => process.end('SIGKILL'))
    return await drive(options, process, proxy, front.url)
  } catch (error) {
    throw new Error(`the process said:\n${wattline?.stderr.slice(-10).join('\n')}`, { cause: error })
  } finally {
    for (const end of endings.toReversed()) await end()
  }
}

const environmentOf = (
  { log, spansPerSecond }: OutageOptions,
  proxyPort: number,
  kafka: KafkaServer | null,
): Record<string, string> => ({
  WATTLINE_WAREHOUSE_KIND: 'clickhouse',
  WATTLINE_WAREHOUSE_URL: `http://127.0.0.1:${proxyPort}`,
  // As if an hour's load came in an hour: a second of it is a record.
  WATTLINE_GROUP_COMMIT_ROWS: String(spansPerSecond),
  ...(log === 'embedded' || kafka === null
    ? {}
    : {
        WATTLINE_BROKER_KIND: 'kafka',
        WATTLINE_BROKER_BROKERS: kafka.bootstrap,
        WATTLINE_BROKER_REPLICATION: '1',
      }),
})

async function drive(
  options: OutageOptions,
  wattline: WattlineProcess,
  proxy: TokenProxy,
  warehouse: string,
): Promise<OutageReport> {
  const { say, spansPerSecond } = options
  const sender = new Sender(wattline.otlp, spansPerSecond)
  const memory = new MemoryWatch(wattline.pid)
  const storedNow = async (): Promise<number> =>
    Number((await ask<{ n: string }>(warehouse, 'SELECT count() AS n FROM wattline.otel_traces')).n)
  try {
    await sender.send(1)
    await until(async () => (await storedNow()) === spansPerSecond)
    memory.phase = 'before'
    await pause(Math.min(2, options.quietSeconds) * 1000)
    await proxy.down()
    memory.phase = 'filling'
    const filling = performance.now()
    await sender.send(Math.ceil(options.spans / spansPerSecond) - 1)
    const fillSeconds = (performance.now() - filling) / 1000
    say(`${sender.acknowledged} spans acknowledged in ${fillSeconds.toFixed(0)} s, the warehouse is down`)
    memory.phase = 'down'
    await pause(options.quietSeconds * 1000)

    const before = { stored: await storedNow(), cpu: cpuSecondsOf(wattline.pid), ms: performance.now() }
    memory.phase = 'catching up'
    proxy.up()
    const arrivals = sender.sendSteadily()
    let stored = before.stored
    let caughtUpMs = 0
    for (let said = performance.now(); caughtUpMs === 0; ) {
      await pause(500)
      const expected = sender.acknowledged
      stored = await storedNow()
      if (stored >= expected) caughtUpMs = performance.now()
      if (performance.now() - said > 10_000) {
        said = performance.now()
        say(`${stored} of ${sender.acknowledged} stored after ${((said - before.ms) / 1000).toFixed(0)} s`)
      }
    }
    const cpu = cpuSecondsOf(wattline.pid) - before.cpu
    await arrivals.stop()
    await until(async () => (await storedNow()) === sender.acknowledged)
    memory.phase = 'after'
    await pause(Math.min(3, options.quietSeconds) * 1000)
    const catchUpSeconds = (caughtUpMs - before.ms) / 1000
    return {
      acknowledged: sender.acknowledged,
      fillSeconds,
      catchUpSeconds,
      storedPerSecond: (stored - before.stored) / catchUpSeconds,
      cpuSecondsPerMillion: cpu / ((stored - before.stored) / 1e6),
      memory: memory.samples,
      ...(await audit(warehouse)),
      inserts: proxy.inserts,
      outOfOrder: proxy.outOfOrder,
    }
  } finally {
    memory.stop()
  }
}

/** Span ids are numbers in the order of sending, from 1 on. */
async function audit(warehouse: string) {
  const row = await ask<Record<'rows' | 'distinct' | 'lowest' | 'highest', string>>(
    warehouse,
    `SELECT count() AS rows, uniqExact(id) AS distinct, min(id) AS lowest, max(id) AS highest
     FROM (SELECT reinterpretAsUInt64(reverse(unhex(SpanId))) AS id FROM wattline.otel_traces)`,
  )
  return {
    rows: Number(row.rows),
    distinct: Number(row.distinct),
    lowest: Number(row.lowest),
    highest: Number(row.highest),
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** One row from the warehouse itself, without the proxy; row policies show it everything. */
async function ask<Row>(warehouse: string, sql: string): Promise<Row> {
  const url = new URL(warehouse)
  url.searchParams.set(SEES_SETTING, seesAll(SERVER_KEY))
  const response = await fetch(url, { method: 'POST', body: `${sql} FORMAT JSONEachRow` })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return JSON.parse(text.split('\n')[0] ?? '') as Row
}

const REQUESTS_AT_ONCE = 4

/**
 * Sends requests of spans with increasing ids: patched into one pattern, because making them costs more than receiving
 * them.
 */
class Sender {
  acknowledged = 0
  readonly #url: string
  readonly #spans: number
  readonly #pattern: Buffer
  readonly #ids: readonly number[]
  /** An id of zeroes is invalid. */
  #next = 1

  constructor(otlp: string, spans: number) {
    this.#url = `${otlp}/v1/traces`
    this.#spans = spans
    const marks = Array.from({ length: spans }, (_, index) => {
      const mark = Buffer.alloc(8, 0xa5)
      mark.writeUInt32BE(index, 4)
      return mark
    })
    const now = BigInt(Date.now()) * 1_000_000n
    this.#pattern = encodeTraces(
      { 'service.name': 'outage', 'service.version': '1' },
      marks.map((mark, index) => ({
        traceId: Buffer.concat([mark, mark]),
        spanId: mark,
        name: `GET /api/items/${index % 20}`,
        startUnixNano: now - BigInt(index) * 1_000n,
        endUnixNano: now,
        attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, 'item.id': `${index}` },
      })),
    )
    this.#ids = marks.flatMap(mark => [...places(this.#pattern, mark)])
  }

  /** This number of requests, a few at a time; every one must be acknowledged. */
  async send(requests: number): Promise<void> {
    let left = requests
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        await this.#request()
      }
    }
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work))
  }

  /** One request a second until it is stopped. */
  sendSteadily(): { stop(): Promise<void> } {
    let going = true
    const work = async (): Promise<void> => {
      for (let due = performance.now(); going; due += 1000) {
        await pause(Math.max(0, due - performance.now()))
        if (going) await this.#request()
      }
    }
    const done = work()
    return {
      stop: () => {
        going = false
        return done
      },
    }
  }

  async #request(): Promise<void> {
    const body = Buffer.from(this.#pattern)
    const first = this.#next
    this.#next += this.#spans
    for (const [index, at] of this.#ids.entries()) {
      body.writeBigUInt64BE(BigInt(first + Math.floor(index / PLACES_OF_AN_ID)), at)
    }
    const headers = { 'content-type': 'application/x-protobuf' }
    const response = await fetch(this.#url, { method: 'POST', headers, body: new Uint8Array(body) })
    if (response.status !== 200)
      throw new Error(`not acknowledged: ${response.status} ${await response.text()}`)
    await response.arrayBuffer()
    this.acknowledged += this.#spans
  }
}

/** The trace id contains it twice, the span id once. */
const PLACES_OF_AN_ID = 3

function* places(bytes: Buffer, mark: Buffer): Iterable<number> {
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) yield at
}

/** Samples a process's memory each second. */
class MemoryWatch {
  phase: Memory['phase'] = 'before'
  readonly samples: Memory[] = []
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const megabytes = (name: string): number =>
        Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)
      this.samples.push({ phase: this.phase, anonymous: megabytes('RssAnon'), file: megabytes('RssFile') })
    }, 1000)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

interface TokenProxy {
  readonly port: number
  readonly inserts: number
  readonly outOfOrder: readonly string[]
  /** Refuses connections and closes existing ones. */
  down(): Promise<void>
  up(): void
  close(): Promise<void>
}

/** `stream/partition/offset`, after the identity of the log; factors are stored at the start without one. */
const PLACE = /\b(traces\/\d+)\/(\d+)/

/** Sits in front of the warehouse; records the token of each successful insert. */
async function startTokenProxy(target: number): Promise<TokenProxy> {
  const last = new Map<string, bigint>()
  const outOfOrder: string[] = []
  let inserts = 0
  const answered = (token: string): void => {
    const found = PLACE.exec(token)
    if (found === null) return
    inserts += 1
    const [place, offset] = [found[1] ?? '', BigInt(found[2] ?? 0)]
    const before = last.get(place)
    if (before !== undefined && offset < before) outOfOrder.push(`${token} after ${before}`)
    last.set(place, offset)
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url = '/', headers } = request
    const token = new URL(url, 'http://proxy').searchParams.get('insert_deduplication_token')
    const onward = httpRequest({ port: target, host: '127.0.0.1', method, path: url, headers }, answer => {
      if (token !== null && answer.statusCode === 200) answered(token)
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }
  const server = createServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const down = async (): Promise<void> => {
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return {
    port,
    get inserts() {
      return inserts
    },
    outOfOrder,
    down,
    up: () => {
      server.listen(port, '127.0.0.1')
    },
    close: () => (server.listening ? down() : Promise.resolve()),
  }
}
