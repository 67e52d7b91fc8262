// Guarantees: the text of every table follows only from its declaration; the rollup views request exactly the contents
// of the ledger's projections.
import { describe, expect, it } from 'vitest'
import { ledger, STREAMS } from '../../../../core/model/streams/index.ts'
import { column, list, type StreamDeclaration } from '../../../../core/model/streams/stream.ts'
import { createTable, LONGEST_TTL_DAYS } from '../../../../core/warehouse/tables/ddl.ts'
import { createRollupView, ROLLUP_VIEWS } from '../../../../core/warehouse/tables/ddl-derived.ts'

const retention = { signalsDays: 30, ledgerDays: 400 }

const small = {
  name: 'small',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Time', 'seconds', 'Delta(4), ZSTD(1)'),
    column('Trace', 'traceId'),
    list('Part.Maps', 'stringMap'),
    column('Maybe', 'int64?'),
  ],
  table: {
    name: 'small_table',
    partitionBy: 'toDate(Time)',
    orderBy: ['Tenant', 'Time'],
    primaryKey: ['Tenant'],
    indexes: ['idx Trace TYPE bloom_filter(0.01) GRANULARITY 1'],
    projections: ['p (SELECT Tenant, count() GROUP BY Tenant)'],
    ttlFrom: 'Time',
    retention: 'signals',
    fsync: true,
  },
} as const satisfies StreamDeclaration

describe('createTable', () => {
  it('contains everything in the declaration', () => {
    expect(createTable(small, retention)).toBe(
      [
        'CREATE TABLE IF NOT EXISTS `wattline`.`small_table`',
        '(',
        '  `Tenant` LowCardinality(String) CODEC(ZSTD(1)),',
        "  `Time` DateTime('UTC') CODEC(Delta(4), ZSTD(1)),",
        '  `Trace` String CODEC(ZSTD(1)),',
        '  `Part.Maps` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),',
        '  `Maybe` Nullable(Int64) CODEC(ZSTD(1)),',
        '  INDEX idx Trace TYPE bloom_filter(0.01) GRANULARITY 1,',
        '  PROJECTION p (SELECT Tenant, count() GROUP BY Tenant)',
        ')',
        'ENGINE = MergeTree',
        'PARTITION BY toDate(Time)',
        'PRIMARY KEY (Tenant)',
        'ORDER BY (Tenant, Time)',
        'TTL Time + toIntervalDay(30)',
        'SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 268435456, ' +
          'non_replicated_deduplication_window = 1000, old_parts_lifetime = 60, fsync_after_insert = 1, ' +
          'fsync_part_directory = 1',
      ].join('\n'),
    )
  })

  it('creates no table for streams that exist only in the log', () => {
    const without = STREAMS.filter(stream => createTable(stream, retention) === null)
    expect(without.map(stream => stream.name)).toContain('energy')
    expect(without.every(stream => !('table' in stream))).toBe(true)
  })

  it('waits for the disk only where the rows are money', () => {
    const waiting = STREAMS.filter(stream =>
      createTable(stream, retention)?.includes('fsync_after_insert = 1'),
    )
    expect(waiting.map(stream => stream.name)).toEqual(['ledger'])
  })

  it('keeps rows forever where the TTL would overflow', () => {
    const days = (ledgerDays: number) => createTable(ledger, { ...retention, ledgerDays })
    expect(days(LONGEST_TTL_DAYS)).toContain(`TTL WindowStart + toIntervalDay(${LONGEST_TTL_DAYS})`)
    expect(days(LONGEST_TTL_DAYS + 1)).not.toContain('TTL ')
  })
})

it.each(ROLLUP_VIEWS)('$name asks for what its projection holds', view => {
  const projection = ledger.table.projections.find(
    text => text.startsWith('workloads_') && text.includes(view.bucket),
  )!
  const parts = (text: string): readonly string[] => text.split(/, (?![^(]*\))/)
  const held = new Set(parts(/SELECT (.*) GROUP BY/.exec(projection)![1]!))
  const inner = /FROM \(SELECT (.*)\nFROM/.exec(createRollupView(view))![1]!
  const asked = parts(inner.replaceAll(/ AS (bucket|s\d+)/g, ''))
  expect(asked.filter(part => !held.has(part))).toEqual([])
  expect(asked.length).toBeGreaterThan(20)
})
