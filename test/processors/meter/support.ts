/** Readings for tests of the meter, and a meter that is driven as the loop drives it. */

import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { readings } from '../../../core/model/streams/index.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { decodeHostState, encodeHostState } from '../../../processors/meter/codec/codec.ts'
import { createMeter, type Meter, type Metering } from '../../../processors/meter/meter.ts'
import type { CapacityOf } from '../../../processors/meter/state/budget.ts'
import type { HostStates } from '../../../processors/meter/state/host-state.ts'
import type { LateRow } from '../../../processors/meter/windows/late.ts'

export type Reading = RowOf<typeof readings>

/** 2026-01-01T12:00:00Z */
export const NOON = 1_767_268_800n * 1_000_000_000n
export const at = (seconds: number): bigint => NOON + BigInt(Math.round(seconds * 1e9))
export const NOON_SECONDS = Number(NOON / 1_000_000_000n)

export function reading(facts: Partial<Reading>): Reading {
  return {
    Tenant: 'default',
    Host: 'h1',
    HostName: 'one',
    BootId: 'boot-1',
    Timestamp: NOON,
    Quantity: 'energy',
    Domain: '',
    Device: '',
    WorkloadKind: '',
    WorkloadId: '',
    Value: 0n,
    RangeMax: 0n,
    Source: 'test',
    Quality: 'measured',
    Attributes: {},
    ...facts,
  }
}

export const energyAt = (seconds: number, uj: bigint, facts: Partial<Reading> = {}): Reading =>
  reading({ Domain: 'package-0', Timestamp: at(seconds), Value: uj, ...facts })

export const modeAt = (seconds: number, mode: string, us: bigint, facts: Partial<Reading> = {}): Reading =>
  reading({ Quantity: 'cpu_time', Domain: mode, Timestamp: at(seconds), Value: us, ...facts })

export const workAt = (seconds: number, id: string, us: bigint, facts: Partial<Reading> = {}): Reading =>
  reading({
    Quantity: 'cpu_time',
    WorkloadKind: 'container',
    WorkloadId: id,
    Timestamp: at(seconds),
    Value: us,
    Attributes: { 'workload.name': `name of ${id}` },
    ...facts,
  })

export const viewOf = (rows: readonly Reading[]) => readRecord(readings, encodeRows(readings, rows))

const newestMs = (rows: readonly Reading[]): number =>
  Math.max(...rows.map(({ Timestamp }) => Number(Timestamp / 1_000_000n)))

/** Reading the schema costs more than many a meter here works. */
const DEFAULT_METERING = configSchema.parse({}).metering

type Metering_ = Partial<(typeof configSchema)['_output']['metering']>

/** A meter with its states; `roundTrip` stores and loads every changed state after each record, as a crash would. */
export function drive(
  options: { metering?: Metering_; roundTrip?: boolean; isSensor?: boolean; capacityOf?: CapacityOf } = {},
) {
  const metering = { ...DEFAULT_METERING, ...options.metering }
  const meter = createMeter({ metering, isSensor: () => options.isSensor ?? false })
  const { capacityOf = () => 'all' } = options
  const states: HostStates = new Map()
  const energy: EnergyRow[] = []
  const late: LateRow[] = []
  const keep = (done: Metering): Metering => {
    energy.push(...done.energy)
    late.push(...done.late)
    if (options.roundTrip) {
      for (const [key, state] of done.changed) states.set(key, decodeHostState(encodeHostState(state)))
    }
    return done
  }
  return {
    meter,
    states,
    energy,
    late,
    /** As if each record came the moment its newest reading was taken. */
    record: (rows: readonly Reading[], timestampMs = newestMs(rows)) =>
      keep(meter.apply(states, viewOf(rows), { timestampMs, capacityOf })),
    flush: (seconds: number, facts: Partial<Parameters<Meter['flush']>[1]> = {}) =>
      keep(
        meter.flush(states, {
          tenant: 'default',
          host: 'h1',
          untilUnixNano: at(seconds).toString(),
          ...facts,
        }),
      ),
    bytes: () =>
      [...states.values()]
        .map(encodeHostState)
        .map(({ names, numbers }) => Buffer.concat([names, numbers]).toString('hex')),
  }
}

export const totalUj = (rows: readonly EnergyRow[]): bigint =>
  rows.reduce((total, row) => total + row.EnergyUj, 0n)

/** `component share workload energy` lines: what most tests look at. */
export const grid = (rows: readonly EnergyRow[]): string[] =>
  rows.map(row => [row.Component, row.Share, row.WorkloadId || '-', row.EnergyUj].join(' '))

/** The worked example of the accounting rules: one host, one minute, two containers. */
export const WORKED_EXAMPLE: readonly Reading[] = [
  energyAt(0, 1_000_000_000n),
  energyAt(60, 4_600_000_000n),
  modeAt(0, 'user', 5_000_000n),
  modeAt(60, 'user', 105_000_000n),
  modeAt(0, 'system', 7_000_000n),
  modeAt(60, 'system', 27_000_000n),
  modeAt(0, 'idle', 1_000_000n),
  modeAt(60, 'idle', 361_000_000n),
  workAt(0, 'A', 3_000_000n),
  workAt(60, 'A', 63_000_000n),
  workAt(0, 'B', 9_000_000n),
  workAt(60, 'B', 39_000_000n),
]

export const WORKED_EXAMPLE_ROWS = [
  'cpu active A 450000000',
  'cpu active B 225000000',
  'cpu idle - 2700000000',
  'cpu unattributed - 225000000',
]
