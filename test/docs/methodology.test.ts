/**
 * Guarantees: the numbers of docs/methodology.md are those of the product and of the formulas that it compares with; SCI equals
 * what the Impact Framework answered.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { createRate } from '../../processors/rate/rate.ts'
import {
  type GpuMinute,
  type KeplerMode,
  keplerGpu,
  type OnGpu,
  type PartOfGpu,
} from '../books/gpu-oracle.ts'
import { readingsOfMinute } from '../books/gpu-readings.ts'
import { keplerBefore010, keplerOf } from '../books/kepler.ts'
import { drive, WORKED_EXAMPLE } from '../processors/meter/support.ts'
import { rateRows } from '../processors/rate/rate-rows.ts'
import { entryOf, SCI_CASES, sciOf, toleranceOf } from '../sci/cases.ts'

const page = readFileSync(new URL('../../docs/methodology.md', import.meta.url), 'utf8')

/** Rows of a table without its head, cell by cell. */
function tableOf(name: string): string[][] {
  const [, after = ''] = page.split(`<!-- table: ${name} -->\n`)
  const lines = after.split('\n\n')[0]!.split('\n')
  return lines.slice(2).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

const config = configSchema.parse({
  factors: { zone: 'DE', pue: '1.2', intensity_g_per_kwh: '300' },
  tariffs: { currency: 'EUR', price_per_kwh: '0.25' },
})

function booksBy(idle_policy: 'none' | 'by_usage') {
  const run = drive({ metering: { idle_policy } })
  run.record(WORKED_EXAMPLE)
  run.flush(60)
  return rateRows(createRate(config), run.energy)
}

test.each([
  ['worked', 'none'],
  ['by_usage', 'by_usage'],
] as const)('the table of the worked example: %s', (table, policy) => {
  const rows = booksBy(policy).map(row => [
    ...[row.Share, row.WorkloadId],
    ...[row.EnergyUj, row.CarbonOperationalUg, row.CostEnergyNano].map(String),
  ])
  expect(rows).toEqual(tableOf(table))
})

test('the correction of the example', () => {
  const revised = { ...config, factors: { ...config.factors, intensity_g_per_kwh: '320' } }
  const run = drive()
  run.record(WORKED_EXAMPLE)
  run.flush(60)
  const [before, after] = [config, revised].map(one => rateRows(createRate(one), run.energy)[0]!)
  expect(after!.CarbonOperationalUg! - before!.CarbonOperationalUg!).toBe(3_000n)
})

test("the table against Kepler's formulas", () => {
  const joules = 1_000_000n
  const minute = {
    energyUj: 3_600n * joules,
    busyUs: 120_000_000n,
    capacityUs: 480_000_000n,
    workloadsUs: [60_000_000n, 30_000_000n],
  }
  const rowOf = (name: string, parts: readonly bigint[]): string[] => [
    name,
    ...parts.map(String),
    String(parts.reduce((a, b) => a + b)),
  ]
  const ours = (policy: 'none' | 'by_usage'): bigint[] => {
    const rows = booksBy(policy)
    const sum = (is: (row: (typeof rows)[number]) => boolean): bigint =>
      rows.filter(is).reduce((total, row) => total + row.EnergyUj, 0n)
    return [
      sum(row => row.WorkloadId === 'A'),
      sum(row => row.WorkloadId === 'B'),
      sum(row => row.Share === 'idle' && row.WorkloadId === ''),
      sum(row => row.Share === 'unattributed'),
    ]
  }
  // What ended is not among the running processes.
  const newer = keplerOf({ ...minute, runningUs: 90_000_000n })
  const older = keplerBefore010({ ...minute, idleUj: 2_700n * joules })
  expect(tableOf('kepler')).toEqual([
    rowOf('Wattline, `none`', ours('none')),
    rowOf('Wattline, `by_usage`', ours('by_usage')),
    rowOf('Kepler 0.11', [...newer.workloadsUj, newer.idleUj, 0n]),
    rowOf('Kepler before 0.10, idle by count', [...older.workloadsUj, 0n, 0n]),
  ])
})

test("the table of GPUs against Kepler's rule", () => {
  const seconds = (us: number): number => us * 1_000_000
  const all = seconds(60)
  const user = (id: string, used: number | null) => ({ id, used, held: all })
  const minute = (parts: GpuMinute['parts'], idleUj: number | null = 3_600_000_000): GpuMinute => ({
    ...{ energyUj: 18_000_000_000, idleUj, held: all, parts },
  })
  const whole = (active: number | null, users: readonly OnGpu[]): PartOfGpu[] => [
    { slices: 1, of: 1, active, users },
  ]
  const [a, b] = [user('A', seconds(30)), user('B', seconds(10))]
  const scenes: readonly (readonly [string, KeplerMode, GpuMinute])[] = [
    ['A alone', 'exclusive', minute(whole(seconds(30), [a]))],
    ['in turns', 'time_slicing', minute(whole(seconds(40), [a, b]))],
    ['in turns, 20 s of a process that ended', 'time_slicing', minute(whole(seconds(60), [a, b]))],
    ['GPU time unknown', 'time_slicing', minute(whole(null, [user('A', null), user('B', null)]))],
    [
      'instances: A 1 slice for 30 s, B 3 slices for 10 s',
      'partitioned',
      minute([
        { slices: 1, of: 7, active: seconds(30), users: [user('A', null)] },
        { slices: 3, of: 7, active: seconds(10), users: [user('B', null)] },
      ]),
    ],
    ['idle power unknown, A alone', 'exclusive', minute(whole(seconds(30), [a]), null)],
  ]
  const rowOf = (board: string, tool: string, parts: readonly bigint[]): string[] => [
    ...[board, tool],
    ...parts.map(String),
    String(parts.reduce((sum, one) => sum + one)),
  ]
  const rows = scenes.flatMap(([board, mode, one]) => {
    const run = drive({ metering: one.idleUj === null ? {} : { gpu_idle_watts: [{ watts: 60 }] } })
    run.record(readingsOfMinute(one))
    run.flush(60)
    const sum = (is: (row: (typeof run.energy)[number]) => boolean): bigint =>
      run.energy.filter(is).reduce((total, row) => total + row.EnergyUj, 0n)
    const kepler = keplerGpu(mode, one)
    return [
      rowOf(board, 'Wattline', [
        ...['A', 'B'].map(id => sum(row => row.WorkloadId === id)),
        sum(row => row.Share === 'idle'),
        sum(row => row.Share === 'unattributed'),
      ]),
      rowOf(board, 'Kepler 0.11', [
        ...['A', 'B'].map(id => BigInt(kepler.get(id) ?? 0)),
        BigInt(one.idleUj ?? 0),
        0n,
      ]),
    ]
  })
  expect(tableOf('gpus')).toEqual(rows)
})

test('SCI equals what the Impact Framework answered, but for rounding to whole µg', () => {
  const url = new URL('../sci/recorded.json', import.meta.url)
  const recorded = JSON.parse(readFileSync(url, 'utf8')) as { readonly sci: Readonly<Record<string, number>> }
  expect(Object.keys(recorded.sci)).toEqual(SCI_CASES.map(({ name }) => name))
  for (const one of SCI_CASES) {
    const off = sciOf(entryOf(one), one.requests) - recorded.sci[one.name]!
    expect(Math.abs(off)).toBeLessThanOrEqual(toleranceOf(one))
  }
})
