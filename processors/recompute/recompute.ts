/** Computes minutes of a machine again from its readings, and says what the books lack. No state, and nothing is written. */
import type { HostRules } from '../../core/books/host-join.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import type { AsBooked, Meter } from '../meter/meter.ts'
import { asIdlePolicy } from '../meter/shares/idle-shares.ts'
import type { Rate } from '../rate/rate.ts'
import { type Booked, readBooked, SUMMED_AMOUNTS, together } from './booked.ts'
import { type Differences, differences, type RecomputeReason } from './differences.ts'
import { machineNames, standsAlone } from './machine.ts'
import { meterSpan } from './metered.ts'
import { countSamples, readMeterSeries } from './readings.ts'
import type { HostSpan } from './span.ts'

/** What minutes are computed with. */
export interface RecomputeTools {
  readonly statements: Statements
  readonly meter: Meter
  readonly rate: Rate
  /** What the configuration says about names of hosts. */
  readonly rules?: HostRules
  /** Reads what the log says of factors; called before rows are rated. */
  readonly follow: () => Promise<FactorBooks>
  /** The same whenever the log was read last. */
  readonly catchUp: () => Promise<FactorBooks>
}

/** Differences of the minutes up to below `to`: fewer than were asked for where there are too many readings at once. */
export interface Recomputed extends Differences {
  readonly to: number
}

/** Longest stretch that is computed at a time, in seconds. */
export const LONGEST = 3600
const WINDOW_NS = WINDOW_SECONDS * 1e9
/** Samples that are held at a time. */
const MOST_SAMPLES = 400_000

/** @param from and `to`: minutes of the host, in seconds since the epoch */
export async function recompute(
  tools: RecomputeTools,
  { tenant, host, from, to }: Omit<HostSpan, 'names'>,
  reason: RecomputeReason,
): Promise<Recomputed> {
  const { statements, rate, follow, rules } = tools
  const isMetered = reason !== 'factors_revised'
  const whole = { tenant, host, from, to: Math.min(to, from + LONGEST) }
  const names = isMetered ? await machineNames(statements, { ...whole, names: [] }, rules) : []
  let span: HostSpan = { ...whole, names }
  for (;;) {
    const minutes = (span.to - span.from) / 60
    if (minutes <= 1 || !isMetered || (await countSamples(statements, span)) <= MOST_SAMPLES) break
    span = { ...span, to: span.from + 60 * Math.floor(minutes / 2) }
  }
  const booked = await readBooked(statements, span)
  const { rows: found, sampled } = isMetered
    ? await meteredAsBooked(tools, span, booked)
    : { rows: together(booked), sampled: new Set<number>() }
  const metered =
    reason === 'recomputed' ? await withoutJoined(tools, span, { metered: found, booked }) : found
  const books = await follow()
  const isWhole = reason !== 'late_readings'
  return { to: span.to, ...differences({ metered, booked, sampled, rate, books, isWhole, reason }) }
}

/** Without minutes that stand under the machine that this host is a name of: nothing is booked under the name, and nothing is to be. */
async function withoutJoined(
  { statements, rules }: RecomputeTools,
  span: HostSpan,
  { metered, booked }: { readonly metered: EnergyRow[]; readonly booked: readonly Booked[] },
): Promise<EnergyRow[]> {
  const left = booked.filter(({ row }) => SUMMED_AMOUNTS.some(name => row[name] !== 0n))
  const minutes = new Set(left.map(({ row }) => row.WindowStart))
  const own = metered.filter(row => minutes.has(row.WindowStart))
  return own.length === metered.length || (await standsAlone(statements, span, rules)) ? metered : own
}

/**
 * A policy that was changed since applies to new minutes, and so does idle power of a GPU that was seen later: what is late does not
 * decide who pays for idle energy.
 */
async function meteredAsBooked(
  { statements, meter }: RecomputeTools,
  span: HostSpan,
  booked: readonly Booked[],
): Promise<{ readonly rows: EnergyRow[]; readonly sampled: ReadonlySet<number> }> {
  const minutes = new Map<number, AsBooked>()
  for (const { row } of booked) {
    const { gpuIdlePower } = minutes.get(row.WindowStart) ?? {}
    minutes.set(row.WindowStart, {
      idlePolicy: asIdlePolicy(row.IdlePolicy),
      gpuIdlePower: row.Component === 'gpu' ? row.GpuIdlePower : gpuIdlePower,
    })
  }
  const series = await readMeterSeries(statements, span)
  const rows = meterSpan(meter, span, series, windowStart => minutes.get(windowStart))
  const startOf = (ns: number): number => span.from + WINDOW_SECONDS * Math.floor(ns / WINDOW_NS)
  return { rows, sampled: new Set(series.flatMap(({ samples }) => samples.map(({ ns }) => startOf(ns)))) }
}
