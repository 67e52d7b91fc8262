// Guarantees: on a cluster rows are in their own replicated tables, which every server finds under the same path,
// behind Distributed tables with the declared names; everything is created ON CLUSTER, remembers tokens long enough,
// and is valid for the engine.
import { Session } from 'chdb'
import { afterAll, describe, expect, it } from 'vitest'
import { ledger, STREAMS } from '../../../../core/model/streams/index.ts'
import { column, type StreamDeclaration } from '../../../../core/model/streams/stream.ts'
import { type ExistingTable, planMigration } from '../../../../core/warehouse/migration/migration.ts'
import { createTable } from '../../../../core/warehouse/tables/ddl.ts'
import { clusterDialect, SERVER_DIALECT } from '../../../../core/warehouse/tables/ddl-cluster.ts'

const retention = { signalsDays: 30, ledgerDays: 400 }
const dialect = clusterDialect("bo'oks")
const statements = planMigration(STREAMS, retention, new Map(), dialect)

const small = {
  name: 'small',
  key: 'none',
  columns: [column('Tenant', 'lowCardinality'), column('Time', 'seconds', 'Delta(4), ZSTD(1)')],
  table: {
    name: 'small',
    partitionBy: 'toDate(Time)',
    orderBy: ['Tenant'],
    ttlFrom: 'Time',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration

const SMALL = [
  `CREATE DATABASE IF NOT EXISTS \`wattline\` ON CLUSTER 'bo\\'oks'`,
  `CREATE TABLE IF NOT EXISTS \`wattline\`.\`small_local\` ON CLUSTER 'bo\\'oks'
(
  \`Tenant\` LowCardinality(String) CODEC(ZSTD(1)),
  \`Time\` DateTime('UTC') CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(Time)
ORDER BY (Tenant)
TTL Time + toIntervalDay(30)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 268435456, ` +
    'non_replicated_deduplication_window = 10000, old_parts_lifetime = 60, replicated_deduplication_window = 10000, ' +
    'replicated_deduplication_window_seconds = 604800',
  `CREATE TABLE IF NOT EXISTS \`wattline\`.\`small\` ON CLUSTER 'bo\\'oks'
(
  \`Tenant\` LowCardinality(String),
  \`Time\` DateTime('UTC')
)
ENGINE = Distributed('bo\\'oks', 'wattline', 'small_local')`,
]

it('contains everything in the declaration', () => {
  expect(planMigration([small], retention, new Map(), dialect).slice(0, 3)).toEqual(SMALL)
})

describe('every statement', () => {
  const engine = new Session()
  afterAll(() => engine.close())

  it.each(statements.map(text => [text.split('\n')[0]!, text]))('%s', (_head, text) => {
    expect(text).toContain(" ON CLUSTER 'bo\\'oks'")
    expect(engine.query(`EXPLAIN AST ${text}`, 'TSVRaw')).toContain('CreateQuery')
  })
})

it('replicates every table that holds rows, and has a Distributed one for each', () => {
  const engines = statements.flatMap(text => /ENGINE = (\w+)/.exec(text)?.[1] ?? [])
  const replicated = engines.filter(name => /^Replicated(Aggregating|Replacing)?MergeTree$/.test(name))
  expect(engines.filter(name => name === 'Distributed')).toHaveLength(replicated.length)
  expect(replicated.length * 2).toBe(engines.length)
})

it('fills the index of traces on the server with the spans, and sums the ledger of all servers', () => {
  const view = statements.find(text => text.includes('MATERIALIZED VIEW'))!
  expect(view).toContain('TO `wattline`.`otel_traces_trace_id_ts_local`')
  expect(view).toContain('FROM `wattline`.`otel_traces_local`')
  expect(statements.find(text => text.includes('`usage_daily`'))).toContain(
    'FROM `wattline`.`ledger` GROUP BY',
  )
})

it('remembers more tokens on a server than in the process', () => {
  expect(createTable(ledger, retention, SERVER_DIALECT)).toContain(
    'non_replicated_deduplication_window = 10000',
  )
})

describe('over existing tables', () => {
  const definitions = new Map<string, ExistingTable>(
    statements.flatMap(text => {
      const name = /`wattline`\.`(\w+)`/.exec(text)?.[1]
      const columns = new Set([...text.matchAll(/^ {2}`([^`]+)` /gm)].map(found => found[1]!))
      return name === undefined ? [] : [[name, { definition: text, columns }] as const]
    }),
  )
  const without = (name: string): Map<string, ExistingTable> =>
    new Map([...definitions].filter(([key]) => key !== name))

  it('does nothing if everything exists', () => {
    expect(planMigration(STREAMS, retention, definitions, dialect)).toEqual([])
  })

  it('creates on all servers what one of them lacks', () => {
    const planned = planMigration(STREAMS, retention, without('readings_local'), dialect)
    expect(planned.map(text => text.split('\n')[0])).toEqual([
      "CREATE TABLE IF NOT EXISTS `wattline`.`readings_local` ON CLUSTER 'bo\\'oks'",
    ])
  })

  it('adds a column to the rows first, then in front', () => {
    const lacking = (name: string): readonly [string, ExistingTable] => {
      const { definition, columns } = definitions.get(name)!
      return [name, { definition, columns: new Set([...columns].filter(column => column !== 'Zone')) }]
    }
    const existing = new Map([...definitions, lacking('ledger_local'), lacking('ledger')])
    expect(planMigration(STREAMS, retention, existing, dialect)).toEqual([
      "ALTER TABLE `wattline`.`ledger_local` ON CLUSTER 'bo\\'oks' ADD COLUMN IF NOT EXISTS `Zone` LowCardinality(String) CODEC(ZSTD(1))",
      "ALTER TABLE `wattline`.`ledger` ON CLUSTER 'bo\\'oks' ADD COLUMN IF NOT EXISTS `Zone` LowCardinality(String)",
    ])
  })
})
