// Guarantees: a migration only adds; run on its own result it changes nothing.

import { describe, expect, it } from 'vitest'
import { ledger, STREAMS, traces } from '../../../../core/model/streams/index.ts'
import { type ExistingTable, planMigration } from '../../../../core/warehouse/migration/migration.ts'
import { createTable, LOCAL_DIALECT } from '../../../../core/warehouse/tables/ddl.ts'
import { ledgerProjection } from '../../../support/ledger-projection.ts'

const retention = { signalsDays: 30, ledgerDays: 400 }
const plan = (existing: ReadonlyMap<string, ExistingTable>, days = retention) =>
  planMigration(STREAMS, days, existing, LOCAL_DIALECT)
const altering = (statements: readonly string[]) => statements.filter(text => text.startsWith('ALTER'))

const tables = new Map(
  STREAMS.flatMap(stream => {
    const definition = createTable(stream, retention)
    const columns = new Set(stream.columns.map(column => column.name))
    return stream.table === undefined || definition === null
      ? []
      : [[stream.table.name, { definition, columns }] as const]
  }),
)
/** As a release left them that stored metrics in tables with the exporter's names. */
const before = new Map(
  [...tables].map(([name, table]) => [name.replace(/^(otel_metrics_\w+)_v1$/, '$1'), table] as const),
)
const traceTable = (over: Partial<ExistingTable>): ReadonlyMap<string, ExistingTable> =>
  new Map([...tables, ['otel_traces', { ...tables.get('otel_traces')!, ...over }]])

it('creates the database first, tables before their views, and drops nothing', () => {
  const statements = plan(new Map())
  expect(statements[0]).toBe('CREATE DATABASE IF NOT EXISTS `wattline`')
  const position = (name: string) => statements.findIndex(text => text.includes(`\`wattline\`.\`${name}\``))
  expect(position('otel_traces')).toBeLessThan(position('otel_traces_trace_id_ts_mv'))
  expect(position('ledger')).toBeLessThan(position('usage_hourly'))
  expect(statements.filter(text => /\b(DROP|TRUNCATE|RENAME)\b/.test(text))).toEqual([])
})

describe('over tables with former names', () => {
  const KINDS = ['gauge', 'sum', 'histogram', 'exp_histogram', 'summary']

  it('renames each before its name becomes a view', () => {
    const statements = plan(before)
    for (const kind of KINDS) {
      const renaming = statements.indexOf(
        `RENAME TABLE \`wattline\`.\`otel_metrics_${kind}\` TO \`wattline\`.\`otel_metrics_${kind}_v1\``,
      )
      const view = statements.findIndex(text =>
        text.startsWith(`CREATE VIEW IF NOT EXISTS \`wattline\`.\`otel_metrics_${kind}\``),
      )
      expect(renaming).toBeGreaterThanOrEqual(0)
      expect(view).toBeGreaterThan(renaming)
    }
    expect(statements.filter(text => /^CREATE TABLE .*`otel_metrics_/.test(text))).toEqual([])
    expect(altering(statements)).toEqual([])
  })

  it('stops when a process of another release has created the table again', () => {
    const table = {
      definition: 'CREATE TABLE wattline.otel_metrics_sum (`Tenant` String) ENGINE = MergeTree',
      columns: new Set<string>(),
    }
    expect(() => plan(new Map([...tables, ['otel_metrics_sum', table]]))).toThrow(
      /^data_unusable|otel_metrics_sum should be a view/,
    )
  })

  it('replaces a view of another text, and never a table', () => {
    const view = {
      definition: "CREATE VIEW wattline.otel_metrics_sum AS SELECT 1 COMMENT 'made from 0'",
      columns: new Set<string>(),
    }
    const statements = plan(new Map([...tables, ['otel_metrics_sum', view]]))
    const [text] = statements.filter(one => one.includes('VIEW') && one.includes('`otel_metrics_sum`'))
    expect(text).toMatch(/^CREATE OR REPLACE VIEW/)
    const same = { ...view, definition: text!.replace('CREATE OR REPLACE VIEW', 'CREATE VIEW') }
    expect(
      plan(new Map([...tables, ['otel_metrics_sum', same]])).filter(one =>
        one.includes('`otel_metrics_sum`'),
      ),
    ).toEqual([])
  })
})

describe('over existing tables', () => {
  it('changes nothing if everything exists', () => {
    expect(altering(plan(tables))).toEqual([])
  })

  it('adds a column that the table lacks, with type and codec', () => {
    const columns = new Set(traces.columns.map(column => column.name).filter(name => name !== 'Duration'))
    expect(altering(plan(traceTable({ columns })))).toEqual([
      'ALTER TABLE `wattline`.`otel_traces` ADD COLUMN IF NOT EXISTS `Duration` UInt64 CODEC(T64, ZSTD(1))',
    ])
  })

  it('adds an index that the table lacks', () => {
    const definition = tables
      .get('otel_traces')!
      .definition.replace('INDEX idx_duration ', 'INDEX idx_other ')
    expect(altering(plan(traceTable({ definition })))).toEqual([
      'ALTER TABLE `wattline`.`otel_traces` ADD INDEX IF NOT EXISTS idx_duration Duration TYPE minmax GRANULARITY 1',
    ])
  })

  it('replaces outdated projections, also in older parts', () => {
    const old = tables.get('ledger')!
    const definition = old.definition.replaceAll(
      /PROJECTION (workloads|accounts|bills)_(by_[a-z]+)_\w+/g,
      'PROJECTION $2',
    )
    const statements = altering(plan(new Map([...tables, ['ledger', { ...old, definition }]])))
    expect(statements.map(text => text.replace(/ \(SELECT.*/, ''))).toEqual(
      [
        `ADD PROJECTION IF NOT EXISTS ${ledgerProjection('accounts_by_month')}`,
        `ADD PROJECTION IF NOT EXISTS ${ledgerProjection('bills_by_day')}`,
        `ADD PROJECTION IF NOT EXISTS ${ledgerProjection('workloads_by_hour')}`,
        `ADD PROJECTION IF NOT EXISTS ${ledgerProjection('workloads_by_day')}`,
        `ADD PROJECTION IF NOT EXISTS ${ledgerProjection('bills_by_minute')}`,
        `MATERIALIZE PROJECTION IF EXISTS ${ledgerProjection('accounts_by_month')} SETTINGS alter_sync = 0`,
        `MATERIALIZE PROJECTION IF EXISTS ${ledgerProjection('bills_by_day')} SETTINGS alter_sync = 0`,
        `MATERIALIZE PROJECTION IF EXISTS ${ledgerProjection('workloads_by_hour')} SETTINGS alter_sync = 0`,
        `MATERIALIZE PROJECTION IF EXISTS ${ledgerProjection('workloads_by_day')} SETTINGS alter_sync = 0`,
        `MATERIALIZE PROJECTION IF EXISTS ${ledgerProjection('bills_by_minute')} SETTINGS alter_sync = 0`,
        'DROP PROJECTION IF EXISTS by_day SETTINGS alter_sync = 0',
        'DROP PROJECTION IF EXISTS by_hour SETTINGS alter_sync = 0',
      ].map(text => `ALTER TABLE \`wattline\`.\`ledger\` ${text}`),
    )
  })

  it('replaces an earlier version of a projection, and keeps those that are not ours', () => {
    const old = tables.get('ledger')!
    const [days, minutes] = ['bills_by_day', 'bills_by_minute'].map(ledgerProjection)
    const definition = old.definition
      .replace(`PROJECTION ${days} `, 'PROJECTION bills_by_day_01234567 ')
      .replace(`PROJECTION ${minutes} `, `PROJECTION my_own_89abcdef (SELECT 1) PROJECTION ${minutes} `)
    const statements = altering(plan(new Map([...tables, ['ledger', { ...old, definition }]])))
    expect(statements.map(text => text.replace(/ \(SELECT.*/, ''))).toEqual(
      [
        `ADD PROJECTION IF NOT EXISTS ${days}`,
        ...ledger.table.projections.map(
          text =>
            `MATERIALIZE PROJECTION IF EXISTS ${text.slice(0, text.indexOf(' '))} SETTINGS alter_sync = 0`,
        ),
        'DROP PROJECTION IF EXISTS bills_by_day_01234567 SETTINGS alter_sync = 0',
      ].map(text => `ALTER TABLE \`wattline\`.\`ledger\` ${text}`),
    )
  })

  it('follows retention for each kind of table, and removes the TTL when rows are kept forever', () => {
    expect(altering(plan(tables, { signalsDays: 30, ledgerDays: 401 }))).toEqual([
      'ALTER TABLE `wattline`.`ledger` MODIFY TTL WindowStart + toIntervalDay(401) SETTINGS alter_sync = 0',
      'ALTER TABLE `wattline`.`alerts` MODIFY TTL Time + toIntervalDay(401) SETTINGS alter_sync = 0',
      'ALTER TABLE `wattline`.`silences` MODIFY TTL EndsAt + toIntervalDay(401) SETTINGS alter_sync = 0',
      'ALTER TABLE `wattline`.`scaling_decisions` MODIFY TTL Time + toIntervalDay(401) SETTINGS alter_sync = 0',
      'ALTER TABLE `wattline`.`quarantine` MODIFY TTL toDateTime(Time) + toIntervalDay(401) SETTINGS alter_sync = 0',
    ])
    expect(altering(plan(tables, { signalsDays: 30, ledgerDays: 40_000 }))).toEqual([
      'ALTER TABLE `wattline`.`ledger` REMOVE TTL',
      'ALTER TABLE `wattline`.`alerts` REMOVE TTL',
      'ALTER TABLE `wattline`.`silences` REMOVE TTL',
      'ALTER TABLE `wattline`.`scaling_decisions` REMOVE TTL',
      'ALTER TABLE `wattline`.`quarantine` REMOVE TTL',
    ])
  })
})
