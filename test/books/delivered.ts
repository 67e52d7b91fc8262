/** Readings as they arrive: each with its moment of arrival, which is independent of its own time. */
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { at, drive, NOON_SECONDS, type Reading } from '../processors/meter/support.ts'

export interface Delivery {
  /** Seconds after noon. */
  readonly arrives: number
  readonly rows: readonly Reading[]
}

/** Times in seconds after noon, from first to last, with this step. */
export const every = (step: number, first: number, last: number): number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step)

/** Rows that arrive when they are read; `clock`: how far the clock that dates them is ahead. */
export const live = (
  seconds: readonly number[],
  rowsAt: (taken: number, dated: number) => readonly Reading[],
  clock: (taken: number) => number = () => 0,
): Delivery[] => seconds.map(taken => ({ arrives: taken, rows: rowsAt(taken, taken + clock(taken)) }))

/** Delivers in order of arrival, then the host goes silent. */
export function delivered(deliveries: readonly Delivery[], options: Parameters<typeof drive>[0] = {}) {
  const run = drive(options)
  const inOrder = deliveries.toSorted((a, b) => a.arrives - b.arrives)
  for (const { arrives, rows } of inOrder) run.record(rows, Number(at(arrives) / 1_000_000n))
  const before = run.energy.length
  const last = Math.max(...inOrder.map(({ arrives }) => arrives))
  run.flush(last + 7_200)
  return { ...run, closedByThen: run.energy.slice(0, before) }
}

export const joulesByMinute = (rows: readonly EnergyRow[]): number[] => {
  const minutes: number[] = []
  for (const { WindowStart, EnergyUj } of rows) {
    const minute = (WindowStart - NOON_SECONDS) / 60
    minutes[minute] = (minutes[minute] ?? 0) + Number(EnergyUj) / 1e6
  }
  return Array.from(minutes, joules => joules ?? 0)
}

export const joulesOf = (rows: readonly EnergyRow[], workload: string): number =>
  rows.reduce((sum, row) => sum + (row.WorkloadId === workload ? Number(row.EnergyUj) / 1e6 : 0), 0)
