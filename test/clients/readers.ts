/** The other direction: ClickHouse clients of other languages read the stored data through the ClickHouse interface. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import { encodeTraces, randomSpans, type TestSpan } from '../support/otlp.ts'
import { eventually } from '../support/until.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { goProgram, python } from './clients.ts'
import { type Comparison, countValues, type Mismatch } from './compare.ts'
import { isEquipped, type Leg, leg, type Needs } from './leg.ts'

const run = promisify(execFile)

interface Reader {
  readonly name: string
  readonly needs: Needs
  /** The format of the answers, in the order of its lines. */
  readonly compressions: readonly string[]
  command(): Promise<readonly string[]>
}

const READERS: readonly Reader[] = [
  {
    name: 'clickhouse-connect',
    needs: [['python3', '--version']],
    compressions: ['as it likes', 'none'],
    command: async () => [await python(), join(import.meta.dirname, 'python/read.py')],
  },
  {
    name: 'clickhouse-go',
    needs: [['go', 'version']],
    compressions: ['none', 'gzip', 'lz4', 'zstd', 'deflate', 'br'],
    command: async () => [await goProgram('go-reader')],
  },
]
export const SERVICE = "reader's ü"
const MANY = 20_000

const QUERIES = [
  {
    sql: `SELECT TraceId, SpanId, SpanName, SpanKind, Duration, toUnixTimestamp64Nano(Timestamp), SpanAttributes, Events.Name,
      Links.Attributes FROM otel_traces WHERE ServiceName = {service:String} ORDER BY SpanId`,
    parameters: { service: SERVICE },
  },
  {
    sql: "SELECT toUInt64(18446744073709551615), toInt64(-9223372036854775808), 0.1, CAST(NULL, 'Nullable(String)'), true",
    parameters: {},
  },
  { sql: `SELECT number FROM numbers(${MANY}) ORDER BY number`, parameters: {} },
]

/** Stores spans of the service that readers ask for. */
export async function storeSpans(wattline: WattlineProcess): Promise<readonly TestSpan[]> {
  const spans = randomSpans(200)
  const headers = { 'content-type': 'application/x-protobuf' }
  const body = new Uint8Array(encodeTraces({ 'service.name': SERVICE }, spans))
  const reply = await fetch(`${wattline.otlp}/v1/traces`, { method: 'POST', headers, body })
  if (!reply.ok) throw new Error(`not taken: ${reply.status}`)
  const count = `SELECT toUInt32(count()) AS n FROM otel_traces WHERE ServiceName = 'reader\\'s ü'`
  await eventually(
    () => wattline.sql<{ n: number }>(count),
    ([row]) => row?.n === spans.length,
  )
  return spans
}

export async function readers(wattline: WattlineProcess, spans: readonly TestSpan[]): Promise<Leg[]> {
  const expected = [
    spans.map(rowOf).toSorted(bySpanId),
    [EXTREMES],
    Array.from({ length: MANY }, (_, number) => [String(number)]),
  ]
  const legs: Leg[] = []
  for (const reader of READERS.filter(({ name, needs }) => isEquipped(name, needs))) {
    const reading = answersOf(reader, wattline)
    for (const [index, compression] of reader.compressions.entries())
      legs.push(
        await leg(reader.name, `read, compression ${compression}`, async () => ({
          otel_traces: compareAnswers(expected, (await reading).slice(3 * index, 3 * index + 3)),
        })),
      )
  }
  return legs
}

async function answersOf(reader: Reader, wattline: WattlineProcess): Promise<unknown[][][]> {
  const [command = '', ...args] = await reader.command()
  const { stdout } = await run(command, [...args, wattline.http, JSON.stringify(QUERIES)], {
    maxBuffer: 2 ** 26,
    timeout: 60_000,
  })
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown[][])
}

function compareAnswers(expected: readonly unknown[][][], found: readonly unknown[][][]): Comparison {
  const mismatches: Mismatch[] = []
  let values = 0
  for (const [query, rows] of expected.entries())
    for (const [index, row] of rows.entries()) {
      values += countValues(row)
      const read = found[query]?.[index]
      if (!isDeepStrictEqual(row, read))
        mismatches.push({
          table: 'otel_traces',
          item: `query ${query}, row ${index}`,
          sent: row,
          stored: read,
        })
    }
  return { items: expected.flat().length, values, mismatches }
}

const EXTREMES = ['18446744073709551615', '-9223372036854775808', 0.1, null, true]

const rowOf = (span: TestSpan): unknown[] => [
  Buffer.from(span.traceId).toString('hex'),
  Buffer.from(span.spanId).toString('hex'),
  span.name,
  'Server',
  String(span.endUnixNano - span.startUnixNano),
  String(span.startUnixNano),
  Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, String(value)])),
  [],
  [],
]

const bySpanId = (a: unknown[], b: unknown[]): number => (String(a[1]) < String(b[1]) ? -1 : 1)
