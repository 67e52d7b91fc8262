/** Requests to the ClickHouse interface: statements, commands and look-ups, in every way that its clients send them. */
import { gzipSync } from 'node:zlib'
import { hostileStatements } from '../statements.ts'
import type { Draw } from './draw.ts'
import type { HostileRequest, RequestKind } from './request.ts'
import { nameIn, SERVICES } from './words.ts'

const TABLES = [
  ...['otel_traces', 'otel_logs', 'ledger', 'usage_hourly', 'usage_daily', 'readings', 'metric_points'],
  ...[
    'metric_histograms',
    'otel_metrics_gauge',
    'otel_metrics_sum',
    'alerts',
    'request_energy',
    'quarantine',
  ],
  ...['exported_ledger', 'exported_otel_traces', 'otel_traces_trace_id_ts', 'nothing', 'wattline.ledger'],
]
const SYSTEM = [
  ...[
    'tables',
    'columns',
    'databases',
    'functions',
    'settings',
    'processes',
    'query_log',
    'formats',
    'parts',
  ],
  ...[
    'data_skipping_indices',
    'row_policies',
    'users',
    'grants',
    'metrics',
    'events',
    'asynchronous_metrics',
  ],
  ...[
    'query_thread_log',
    'part_log',
    'text_log',
    'trace_log',
    'session_log',
    'mutations',
    'merges',
    'clusters',
  ],
  ...['dictionaries', 'disks', 'storage_policies', 'query_cache', 'user_processes', 'zookeeper', 'macros'],
]
const SCHEMA = ['tables', 'columns', 'schemata', 'views', 'key_column_usage', 'statistics', 'TABLES']
/** What differs from run to run, and from engine to engine. */
const UNSTEADY = `'^(uuid|metadata_modification_time|elapsed|event_.*|query_start_.*|query_duration_ms|.*_ms|create_table_query|value)$'`

const lookUp = (draw: Draw): string =>
  draw.call([
    () => `SELECT * EXCEPT(${UNSTEADY}) FROM system.${draw.of(SYSTEM)} ORDER BY ALL`,
    () => `SELECT count() FROM system.${draw.of(SYSTEM)}`,
    () => `SELECT * FROM information_schema.${draw.of(SCHEMA)} ORDER BY ALL`,
    () => `SELECT name, total_rows, total_bytes FROM system.tables WHERE name = '${draw.of(TABLES)}'`,
    () =>
      `SELECT name, data_compressed_bytes FROM system.columns WHERE table = '${draw.of(TABLES)}' ORDER BY ALL`,
    () =>
      `SELECT query, query_id, user, exception_code FROM system.query_log WHERE query LIKE '%SECRET%' AND user != 'me' ORDER BY ALL`,
    () => `SELECT query_id, user, query FROM system.processes WHERE user != 'me' ORDER BY ALL`,
    () =>
      draw.of([
        'SHOW TABLES',
        'SHOW DATABASES',
        'SELECT * EXCEPT(elapsed) FROM system.processes',
        "SHOW TABLES LIKE '%metric%'",
        'SHOW SETTINGS',
      ]),
    () => `SHOW CREATE TABLE ${draw.of(TABLES)}`.replace(/$/, draw.of(['', ' FORMAT TSVRaw'])),
    () => `${draw.of(['DESCRIBE TABLE', 'EXISTS TABLE', 'SHOW COLUMNS FROM'])} ${draw.of(TABLES)}`,
    () =>
      draw.of([
        'SELECT currentUser()',
        'SELECT hostName()',
        "SELECT getSetting('log_comment')",
        'SELECT currentDatabase()',
      ]),
  ])

const CONDITIONS = [
  "query_id = 'SECRET-1'",
  "query_id IN ('SECRET-1', 'SECRET-2')",
  "user = 'SECRET-2'",
  "query LIKE '%SECRET%'",
  "user != 'me'",
  "user IN (SELECT user FROM system.processes WHERE user != 'me')",
  "query_id = (SELECT any(query_id) FROM system.query_log WHERE user != 'me')",
  "elapsed >= 0 AND user != 'me' AND intDiv(1, query NOT LIKE '%SECRET%') = 1",
]
const MODES = ['', ' SYNC', ' ASYNC', ' TEST']

const command = (draw: Draw): string =>
  draw.call([
    () => `KILL QUERY WHERE ${draw.of(CONDITIONS)}${draw.of(MODES)}`,
    () => `USE ${draw.of(['wattline', 'default', 'system', 'wattline_exports', 'theirs'])}`,
    () =>
      `SET ${draw.of(['log_comment', 'readonly', 'max_threads', 'join_use_nulls', 'additional_table_filters', 'SQL_x'])} = ${draw.of(['0', "'wattline*'", "'x'"])}`,
    () => `SET ROLE ${draw.of(['NONE', 'ALL', 'theirs'])}`,
    () =>
      draw.of([
        'SYSTEM FLUSH LOGS',
        'DROP TABLE ledger',
        'OPTIMIZE TABLE ledger',
        'SHOW GRANTS',
        'SHOW ACCESS',
        'CHECK TABLE ledger',
      ]),
  ])

const FUNCTIONS = [
  "file('/etc/passwd')",
  "url('http://127.0.0.1:9/x', 'CSV', 'x String')",
  "merge('wattline', '.*')",
  "remote('127.0.0.1', wattline.ledger)",
  'cluster(default, wattline.ledger)',
  "mergeTreeIndex('wattline', 'ledger')",
  "dictionary('x')",
  'view(SELECT * FROM wattline.ledger)',
  'wattline_exports.ledger_a',
  'loop(ledger)',
  "viewIfPermitted(SELECT 1 ELSE null('x UInt8'))",
]

/** A statement whose answer has an order; one in three reads the own rows in full. */
const ordered = (draw: Draw): string =>
  draw.call([
    () => lookUp(draw),
    () => lookUp(draw),
    () => command(draw),
    () => `SELECT * FROM ${draw.of(TABLES)} ORDER BY ALL LIMIT ${1 + draw.below(100)}`,
    () => `SELECT count(), uniqExact(tuple(*)) FROM ${draw.of(TABLES)}`,
    () => `SELECT count() FROM ${draw.of(FUNCTIONS)}`,
    () =>
      `SELECT groupArray(t) FROM (SELECT toString(tuple(*)) AS t FROM ${draw.of(TABLES)} ORDER BY t) SETTINGS ${draw.of(['extremes = 1', "log_comment = 'wattline*'", 'join_use_nulls = 1', 'max_result_rows = 3'])}`,
    () =>
      `EXPLAIN ${draw.of(['', 'SYNTAX ', 'QUERY TREE ', 'PLAN ', 'PIPELINE ', 'ESTIMATE ', 'AST ', 'indexes = 1 '])}SELECT * FROM ${draw.of(TABLES)} WHERE Tenant = 'theirs'`,
    () =>
      `SELECT {name:String} AS n, count() FROM otel_traces WHERE ServiceName = {name:String} GROUP BY n WITH TOTALS`,
  ])

const TEXT_FORMATS = [
  'JSONCompact',
  'TabSeparatedWithNamesAndTypes',
  'CSVWithNames',
  'JSONEachRow',
  'XML',
  'Vertical',
]
const BINARY_FORMATS = ['RowBinaryWithNamesAndTypes', 'Native', 'Arrow']

/** The requests of one run share session names, so that settings of one are there for the next. */
function sent(draw: Draw, sql: string, format: string): HostileRequest {
  const query = new URLSearchParams({
    query_id: `q${draw.below(1_000_000)}`,
    param_name: nameIn(draw, SERVICES),
  })
  const more = draw.parameters(
    {
      database: () => draw.of(['wattline', 'default', 'system', '']),
      session_id: () => draw.of(['s1', 's2']),
      wait_end_of_query: () => '1',
      send_progress_in_http_headers: () => '1',
      extremes: () => '1',
      log_comment: () => 'wattline*',
      readonly: () => '0',
      output_format_write_statistics: () => '1',
      compress: () => '1',
      user: () => draw.of(['theirs', 'default', 'SECRET-2']),
      role: () => 'theirs',
    },
    0.15,
  )
  for (const [name, value] of more) query.set(name, value)
  query.set('default_format', format)
  const listener = draw.of(['http', 'clickhouse', 'clickhouse'] as const)
  const root = listener === 'http' ? draw.of(['/clickhouse', '/clickhouse/']) : '/'
  const request = { kind: 'ClickHouse', listener, headers: { 'x-clickhouse-user': 'me' } } as const
  const post = (
    body: HostileRequest['body'],
    headers: Readonly<Record<string, string>> = {},
  ): HostileRequest => ({
    ...request,
    method: 'POST',
    path: `${root}?${query}`,
    headers: { ...request.headers, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return draw.call<HostileRequest>([
    () => {
      query.set('query', sql)
      return { ...request, method: 'GET', path: `${root}?${query}` }
    },
    () => post(sql),
    () => post(sql),
    () => post(new Uint8Array(gzipSync(sql)), { 'content-encoding': 'gzip' }),
    () => {
      const [first = '', ...rest] = sql.split(' ')
      query.set('query', first)
      return post(rest.join(' '))
    },
    () => multipart(draw, sql, post),
  ])
}

function multipart(
  draw: Draw,
  sql: string,
  post: (body: string, headers: Readonly<Record<string, string>>) => HostileRequest,
): HostileRequest {
  const fields: readonly (readonly [string, string])[] = [
    ['query', sql],
    ['param_name', nameIn(draw, SERVICES)],
    ...(draw.chance(0.2) ? [['t_structure', 'x String'] as const] : []),
  ]
  const parts = fields.map(
    ([name, value]) => `--wl\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return post(`${parts.join('')}--wl--\r\n`, { 'content-type': 'multipart/form-data; boundary=wl' })
}

const jsonRoute = (draw: Draw, sql: string): HostileRequest => ({
  kind: 'SQL',
  listener: 'http',
  method: 'POST',
  path: '/api/v1/sql',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    query: sql,
    params: sql.includes('{name:') ? { name: nameIn(draw, SERVICES) } : {},
  }),
})

/** @param seed of the statements of test/hostile/statements.ts */
export function clickhouseKinds(seed: number): readonly RequestKind[] {
  const statements = hostileStatements({ seed, places: 1 })
  return [
    {
      name: 'ClickHouse commands and look-ups',
      routes: /^(GET|POST) (\/clickhouse\/?|\/)$|^POST \/api\/v1\/sql$/,
      make: draw => {
        const sql = ordered(draw)
        return draw.chance(0.1)
          ? jsonRoute(draw, sql)
          : sent(draw, sql, draw.of([...TEXT_FORMATS, ...BINARY_FORMATS]))
      },
    },
    {
      name: 'ClickHouse statements',
      routes: /^$/,
      make: draw => ({
        ...sent(draw, draw.of(statements).sql, draw.of(['JSONCompact', 'TSV', 'CSV'])),
        isUnordered: true,
      }),
    },
  ]
}

/** Attempts to see and to stop a running statement of the other tenant. */
export const KILLS: readonly HostileRequest[] = [
  ...CONDITIONS.flatMap(condition => ['', ' TEST'].map(mode => `KILL QUERY WHERE ${condition}${mode}`)),
  "SELECT * EXCEPT(elapsed) FROM system.processes WHERE user != 'me'",
  "SELECT count(), groupArray(query) FROM system.processes WHERE user != 'me'",
].map(body => ({
  kind: 'KILL QUERY',
  listener: 'clickhouse',
  method: 'POST',
  path: '/',
  headers: { 'x-clickhouse-user': 'me' },
  body,
}))
