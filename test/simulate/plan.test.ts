/**
 * Guarantees of sizing on paper: the arithmetic, with unit costs that can be computed mentally; every line says how it
 * was computed; the shipped unit costs and assumptions are readable, and docs/scaling.md shows their results.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MOST_PARTITIONS } from '../../core/catalogue/config/keys/storage.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { streamSettings } from '../../processors/processors.ts'
import { planText } from '../../simulate/plan/command.ts'
import {
  type Assumptions,
  readAssumptions,
  readUnitCosts,
  type UnitCosts,
} from '../../simulate/plan/costs.ts'
import { limitsOf } from '../../simulate/plan/limits.ts'
import { plan } from '../../simulate/plan/plan.ts'
import { renderCosts } from '../../simulate/plan/render.ts'
import { type Demand, short } from '../../simulate/plan/sheet.ts'
import { parseDemand } from '../../simulate/plan/spec.ts'

const PROCESSORS = new URL('../../processors/', import.meta.url)

const COSTS: UnitCosts = {
  date: '2026-01-01',
  machine: 'a machine for reckoning',
  spans: {
    cpu_seconds_per_million: { collector: 1, processors: 2, merge: 3, broker: 0.5 },
    records_per_million: 100,
    wire_bytes: 400,
    wire_gzip_bytes: 100,
    log_bytes: 50,
    table_bytes: 60,
  },
  points: {
    cpu_seconds_per_million: { collector: 4, processors: 6, merge: 2, broker: 1 },
    records_per_million: 200,
    wire_bytes: 200,
    log_bytes: 20,
    metric_table_bytes: 10,
    reading_table_bytes: 5,
  },
  ledger: { log_bytes: 30, table_bytes: 40 },
  meter: { cpu_seconds_per_million: 2, memory_bytes_per_series: 100, memory_bytes_per_host: 1000 },
  record_cpu_seconds: 0.01,
  shared_record_cpu_seconds: 0.001,
  memory_mb: { collector: 100, processors: 500 },
}
const ASSUMED: Assumptions = {
  utilisation: 0.5,
  rows_per_large_part: 10_000_000,
  rows_per_record: 10_000,
  merge_fan_in: 10,
  broker_write_megabytes_per_second: 100,
  broker_disk_terabytes: 10,
  inserts_per_second_a_shard: 50,
  engine_cores: 10,
  engine_disk_terabytes: 10,
  collector_cores: 2,
  processors_cores: 4,
  network_gigabits_per_second: 10,
  prices: { currency: 'USD', core_hour: 0.036, disk_terabyte_month: 100, source: 'the head' },
}
const DEMAND: Demand = {
  hosts: 600,
  workloads: 1,
  intervalSeconds: 5,
  spansPerSecond: 1_000_000,
  signalsDays: 10,
  ledgerDays: 100,
  replication: 3,
  replicas: 2,
  logHours: 1,
  waitSeconds: 0.1,
  partitions: 0,
  hostPartitions: 0,
}
const planned = (demand: Partial<Demand>, key: string): number =>
  plan({ ...DEMAND, ...demand }, COSTS, ASSUMED).get(key)!.value

describe('the arithmetic', () => {
  it.each([
    // 600 hosts x (8 + 2) / 5 s
    ['points_per_second', {}, 1200],
    // 600 x 2 components x 3 rows / 60 s
    ['entries_per_second', {}, 60],
    // 1 M/s x 1 s + 0.0012 M/s x 4 s, half used
    ['collector_cores', {}, 2 * (1 + 0.0048)],
    // of 2 s, 100 records took 1; of 6 s, 200 records took 2
    ['row_cores', {}, 2 * (1 + 0.0048)],
    // 1 M/s x 1 s / 0.5
    ['partitions', {}, 2],
    ['partitions', { partitions: 16 }, 16],
    // spans fill records; points: one for each of 2 collectors and 0.1 s
    ['signal_records_per_second', {}, 1e6 / 32_768 + 20],
    // 2 collectors x 2 partitions / 0.1 s
    ['reading_records_per_second', {}, 40],
    ['reading_records_per_second', { waitSeconds: 1 }, 4],
    ['reading_records_per_second', { hostPartitions: 1 }, 20],
    // never more than the number of readings
    ['reading_records_per_second', { hosts: 6, partitions: 100 }, 12],
    ['ledger_records_per_second', {}, 2],
    // readings and points come faster than 2 partitions / 0.5 s: 40 and 20 records in 4 inserts each
    ['shared_records_per_second', {}, 60],
    ['inserts_per_second', {}, 1e6 / 32_768 + 4 + 4 + 2],
    ['record_cores', {}, 2 * (0.01 * (1e6 / 32_768 + 10) + 0.001 * 60)],
    // from 10,000 rows to 10 million, ten by ten
    ['merge_passes', {}, 3],
    ['merge_cores', {}, 2 * 3 * (3 + 0.0024)],
    // 1 M/s x 100 B + 1200/s x 200 B
    ['wire_bytes_per_second', {}, 100.24],
    // 1 M/s x 50 B + 1200/s x 20 B + 60/s x 30 B
    ['log_bytes_per_second', {}, 50.0258],
    // 50.0258 MB/s for an hour, three times
    ['log_disk', {}, (50.0258 * 3600 * 3) / 1e6],
    // 1 M/s x 86,400 s x 60 B x 10 days
    ['span_disk', {}, 51.84],
    ['metric_disk', {}, (1200 * 86_400 * 10 * 10) / 1e12],
    ['reading_disk', {}, (1200 * 86_400 * 5 * 10) / 1e12],
    ['ledger_disk', {}, (60 * 86_400 * 40 * 100) / 1e12],
    ['host_day_points', {}, 10 * 17_280],
    ['host_day_entries', {}, 6 * 1440],
    ['host_day_cpu', {}, 0.1728 * 13],
    ['host_day_ledger', {}, (6 * 1440 * 40) / 1e6],
    ['collectors', {}, 2],
    ['processors', {}, 1],
    // 50 MB/s x 3 / 50 MB/s: 3.0015 brokers
    ['brokers', {}, 4],
    ['brokers', { spansPerSecond: 0 }, 3],
    // 52 TB of spans and the rest, 5 TB on each
    ['shards', {}, 11],
    // 600 hosts x (1000 + 10 series x 100 B)
    ['meter_state', {}, 1.2],
  ] as const)('%s %j', (key, demand, expected) => {
    expect(planned(demand, key)).toBeCloseTo(expected, 6)
  })

  it('charges cores and disks, on all replicas', () => {
    const lines = plan(DEMAND, COSTS, ASSUMED)
    const value = (key: string): number => lines.get(key)!.value
    const cores =
      value('collector_cores') +
      value('row_cores') +
      value('record_cores') +
      2 * value('merge_cores') +
      Math.max(3 * value('broker_cores'), value('brokers'))
    const disks = value('log_disk') + value('table_disk')
    expect(value('month')).toBeCloseTo(cores * 0.036 * 730 + disks * 100, 6)
    // 1 + 2 + 3 x 3 x 2 + 0.5 x 3 CPU s at 0.036 / 3600 / 0.5 a second, and 120 MB for 10 days
    const kept = (120 / 1e6) * 100 * (10 / (730 / 24))
    expect(value('million_spans_money')).toBeCloseTo(22.5 * 2e-5 + kept, 9)
  })

  it('grows in proportion to the demand', () => {
    for (const key of ['collector_cores', 'span_disk', 'log_disk', 'table_disk']) {
      const twice = { hosts: 2 * DEMAND.hosts, spansPerSecond: 2 * DEMAND.spansPerSecond }
      expect(planned(twice, key)).toBeCloseTo(2 * planned({}, key), 6)
    }
  })

  it('shows its numbers on every line', () => {
    for (const { what, value, formula } of plan(DEMAND, COSTS, ASSUMED).values()) {
      expect(what).not.toBe('')
      expect(formula).not.toMatch(/NaN|undefined|Infinity/)
      expect(Number.isFinite(value)).toBe(true)
    }
  })

  it.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [12.345, '12.3'],
    [1234.4, '1,234'],
    [1_360_000, '1.36 M'],
    [8.64e11, '864 G'],
    [2e12, '2 T'],
  ])('writes %d as %s', (value, text) => expect(short(value)).toBe(text))
})

describe('limits', () => {
  const settings = { mostPartitions: 8 }
  const limits = (demand: Partial<Demand>) => {
    const whole = { ...DEMAND, ...demand }
    return limitsOf(whole, plan(whole, COSTS, ASSUMED), COSTS, ASSUMED, settings)
  }

  it('are sorted with the worst first', () => {
    const shares = limits({}).map(({ share }) => share)
    expect(shares).toEqual(shares.toSorted((a, b) => b - a))
  })

  it('say how many partitions are needed and exist', () => {
    const found = (spansPerSecond: number) =>
      limits({ spansPerSecond }).find(({ what }) => what.startsWith('partitions that may'))!
    expect(found(1e6).share).toBe(0.25)
    expect(found(8e6).share).toBe(2)
  })

  it('know how many readings one meter processes', () => {
    const found = (hostPartitions: number) =>
      limits({ hostPartitions }).find(({ what }) => what.startsWith('readings of one'))!
    // 1200/s x 2 s a million / 0.5
    expect(found(1).share).toBeCloseTo(0.0048, 9)
    expect(found(0).share).toBeCloseTo(0.0024, 9)
  })

  it('count the partitions of every topic', () => {
    const found = limits({ hostPartitions: 3 }).find(({ what }) => what.startsWith('partitions of a broker'))!
    const states = readdirSync(PROCESSORS, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => readFileSync(new URL(name, PROCESSORS), 'utf8'))
      .filter(text => text.includes('.loadState()')).length
    const settings = streamSettings(configSchema.parse({ broker: { partitions: 2, host_partitions: 3 } }))
    const all = settings.reduce((sum, { partitions }) => sum + partitions, 2 * states)
    expect(found.share).toBeCloseTo((all * 3) / 4 / 4_000, 9)
  })

  it('count inserts by shard', () => {
    const inserts = limits({}).find(({ what }) => what === 'inserts into a shard')!
    expect(inserts.share).toBeCloseTo((1e6 / 32_768 + 10) / 11 / 50, 9)
  })
})

describe('the demand', () => {
  it('is read with defaults for missing values', () => {
    expect(parseDemand('hosts=100000, spans=10e6')).toMatchObject({
      hosts: 100_000,
      spansPerSecond: 10_000_000,
      ledgerDays: 400,
    })
    expect(parseDemand('')).toMatchObject({ replication: 3 })
  })

  it.each([
    ['host=3', /parameter_invalid: --plan has no key `host`. Use hosts, workloads/],
    ['hosts=many', /parameter_invalid: --plan hosts=many is not a number of at least 0/],
    ['interval=0', /of at least 1/],
    ['hosts', /hosts= is not a number/],
  ])('is refused if it makes no sense: %s', (text, said) => {
    let refusal = ''
    try {
      parseDemand(text)
    } catch (error) {
      refusal = String(error)
    }
    expect(refusal).toMatch(said)
  })
})

describe('the shipped data', () => {
  it('is readable and usable', () => {
    expect(readUnitCosts().spans.table_bytes).toBeGreaterThan(0)
    expect(readAssumptions().utilisation).toBeLessThan(1)
    const text = planText('hosts=100000,spans=10e6', 'text')
    expect(text).toContain('An estimate')
    expect(text).not.toMatch(/NaN|undefined/)
    const { lines } = JSON.parse(planText('hosts=10', 'json')) as { readonly lines: Record<string, unknown> }
    expect(lines['collectors']).toMatchObject({ unit: 'replicas' })
  })

  it('allows the stated number of partitions', () => {
    expect(configSchema.safeParse({ broker: { partitions: MOST_PARTITIONS } }).success).toBe(true)
    expect(configSchema.safeParse({ broker: { partitions: MOST_PARTITIONS + 1 } }).success).toBe(false)
  })

  it('is in docs/scaling.md as the command prints it', () => {
    const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8')
    const shown = [...page.matchAll(/simulate --plan (\S+)\n```\n\n```text\n([\s\S]*?)^```/gm)]
    expect(shown.length).toBeGreaterThan(1)
    for (const [, sizes, block] of shown) expect(block).toBe(planText(sizes!, 'text'))
    expect(page).toContain(renderCosts(readUnitCosts()))
  })
})
