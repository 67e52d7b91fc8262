/** What each client must find: rows that were stored, tables as they are declared, and errors as ClickHouse gives them. */
import { STREAMS } from '../../../core/model/streams/index.ts'
import { tablesOf } from '../../../core/model/streams/stream.ts'
import { accountTables, readableTables } from '../../../core/warehouse/fence/ddl-catalogue.ts'
import type { TestSpan } from '../../support/otlp.ts'
import type { WattlineProcess } from '../../support/wattline-process.ts'

type Checks = Readonly<Record<string, unknown>>

/** By client. */
export interface Expected {
  jdbc(version: string): Checks
  python(): Checks
  rust(): Checks
}

const LEDGER = STREAMS.flatMap(tablesOf).find(({ table }) => table?.name === 'ledger')?.columns ?? []
const includes =
  (...wanted: readonly string[]) =>
  (found: unknown): boolean =>
    wanted.every(text => JSON.stringify(found).includes(text))

/** Rows as the clients print them. */
export async function expectedOf(wattline: WattlineProcess, spans: readonly TestSpan[]): Promise<Expected> {
  const columns = await wattline.sql<Readonly<Record<'t' | 'n' | 'type' | 'p', string>>>(
    'SELECT `table` AS t, name AS n, type, toString(position) AS p FROM system.columns ORDER BY t, toUInt32(p)',
  )
  const kinds = await wattline.sql<{ name: string; engine: string }>(
    'SELECT name, engine FROM system.tables ORDER BY name',
  )
  const tables = kinds.map(({ name }) => name)
  assertDeclared(tables)
  const views = kinds.filter(({ engine }) => engine === 'View').map(({ name }) => [name])
  const sorted = spans.toSorted((a, b) => (hex(a.spanId) < hex(b.spanId) ? -1 : 1))
  const short = sorted.map(span => [hex(span.traceId), hex(span.spanId), span.name, duration(span)])
  const ledger = columns.filter(({ t }) => t === 'ledger')
  const primary = ['Account', 'Host', 'Tenant', 'WindowStart', 'WorkloadId', 'WorkloadKind']
  return {
    jdbc: version => ({
      valid: [[true]],
      product: [['ClickHouse', '26']],
      schemas: [['wattline']],
      tables: tables.map(table => ['wattline', table]),
      tablesOfKind: [['ledger']],
      columns: columns.map(({ t, n, type, p }) => [t, n, type, p]),
      columnsOfOne: ledger
        .filter(({ n }) => n.startsWith('Energy'))
        .map(({ n, type }) => [
          n,
          type.includes('Int64') ? '-5' : '12',
          type.startsWith('Nullable') ? '1' : '0',
        ]),
      primaryKeys: primary.map(name => [name]),
      importedKeys: [],
      procedures: [],
      typeInfo: includes('"UInt64"', '"DateTime64"', '"Map"', '"Decimal128"'),
      functions: includes('"count"', '"countEqual"'),
      extremes: [
        [
          '18446744073709551615',
          '-9223372036854775808',
          '1.23',
          '0.1',
          null,
          true,
          '2026-11-30 01:02:03.123456789',
          ['1', '2'],
          { a: 'b' },
        ],
      ],
      many: [['100000', '5000438890']],
      prepared: sorted.slice(0, 5).map(span => [span.name, duration(span)]),
      preparedMeta: [['2', 'SpanName', 'UInt64']],
      spans: sorted.map(span => [
        hex(span.traceId),
        hex(span.spanId),
        span.name,
        duration(span),
        String(span.startUnixNano),
        textsOf(span),
      ]),
      // 0.9.2 sends no limit for it.
      ...(version === '0.9.2' ? {} : { maxRows: [['0'], ['1'], ['2']] }),
      session: [['1', 'wattline']],
      schema: [['wattline', '1']],
      show: [['ledger']],
      showCreate: [[true, true]],
      describe: [[String(ledger.length), 'Tenant', 'LowCardinality(String)']],
      explain: [[true]],
      // 0.9.2 and 0.9.4 do not pass the number on.
      ...(version.startsWith('0.9.8') || version.startsWith('0.10')
        ? { error: [['60']], refused: [['497']] }
        : {}),
      cancel: [['cancelled', true]],
    }),
    python: () => ({
      ...Object.fromEntries(
        ['lz4', 'zstd', 'gzip', 'False'].flatMap(name => [
          [`spans ${name}`, short],
          [`many ${name}`, [['50000']]],
        ]),
      ),
      ping: [[true]],
      settings: [[null]],
      session: [[null]],
      summary: [['1000']],
      explain: [[true]],
      external: includes('External tables (x) are not accepted'),
      'connect comment': [[null]],
      ...Object.fromEntries(
        Object.entries({
          schemas: [['wattline']],
          tables: (found: unknown) => includes('"ledger"', '"otel_traces"')(found),
          views: views,
          columns: ledger.map(({ n, type }) => [n, type.startsWith('Nullable')]),
          indexes: [],
          has: [[true, false]],
          reflect: ledger.map(({ n }) => [n]),
          spans: short,
          explain: [[true]],
        }).flatMap(([check, rows]) => ['connect', 'sqlalchemy'].map(name => [`${name} ${check}`, rows])),
      ),
    }),
    rust: () =>
      Object.fromEntries(
        ['none', 'lz4'].flatMap(name => [
          [`spans ${name}`, short],
          [`many ${name}`, [['1000000', '499999500000']]],
          [`error ${name}`, [[true]]],
        ]),
      ),
  }
}

/** The catalogue is that of the declarations: otherwise it would be compared with itself. */
function assertDeclared(tables: readonly string[]): void {
  const declared = readableTables(STREAMS)
  const isWhole = declared.every(name => tables.includes(name)) && accountTables(STREAMS).length > 0
  if (!isWhole || LEDGER.length === 0) throw new Error(`the catalogue lacks tables: ${tables.join(', ')}`)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const duration = (span: TestSpan): string => String(span.endUnixNano - span.startUnixNano)
const textsOf = (span: TestSpan): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, String(value)]))
