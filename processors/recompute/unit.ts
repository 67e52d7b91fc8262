/** One piece of work: some minutes of one host, computed again as far as they may be. */
import type { Events } from '../../core/catalogue/events/events.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import type { LedgerRow } from '../../core/model/streams/ledger.ts'
import { COUNTED_WINDOWS } from '../meter/meter.ts'
import { lastBooked } from './booked.ts'
import type { RecomputeReason } from './differences.ts'
import { standsAlone } from './machine.ts'
import { lastRead } from './readings.ts'
import { LONGEST, type RecomputeTools, recompute } from './recompute.ts'

/** What a unit is made with. */
export interface UnitOptions {
  readonly tools: RecomputeTools
  readonly events: Events
  /** How long table `readings` keeps them, ms. */
  readonly keptMs: number
  /** The meter has booked what it will book of older minutes by itself, ms. */
  readonly openMs: number
}

/** Minutes `[from, to)` of a host, in seconds since the epoch. */
export interface RecomputeUnit {
  readonly tenant: string
  readonly host: string
  readonly from: number
  readonly to: number
  /** The meter is known to have closed the minutes before. */
  readonly closedTo: number
  readonly reason: RecomputeReason
}

/** What became of a unit. */
export interface UnitDone {
  readonly entries: readonly LedgerRow[]
  /** What is done lies before. */
  readonly to: number
  /** The minutes after that are open: what will be booked of them is not known. */
  readonly isOpen: boolean
}

/** Does as much of a unit as fits into memory. Says so where readings are gone: those minutes stay as they are booked. */
export async function workOff(options: UnitOptions, unit: RecomputeUnit, nowMs: number): Promise<UnitDone> {
  const { tools, events, keptMs } = options
  const { tenant, host, from, reason } = unit
  const untold = (start: number, end: number, minutes: number): void =>
    events.emit('minutesNotRestated', {
      reason: 'no_readings',
      tenant,
      host,
      from: isoTime(start),
      to: isoTime(end),
      amount: minutes,
    })
  // Of readings next to those that are gone, not everything that the meter knew is there.
  const oldest = Math.ceil((nowMs - keptMs) / 60_000) * 60 + COUNTED_WINDOWS.workload * 60
  if (from < oldest && reason !== 'factors_revised') {
    const end = Math.min(unit.to, oldest)
    untold(from, end, (end - from) / 60)
    return { entries: [], to: end, isOpen: false }
  }
  const closed = await closedBefore(options, unit, nowMs)
  if (closed <= from) return { entries: [], to: from, isOpen: true }
  const { to, entries, withoutReadings } = await recompute(
    tools,
    { tenant, host, from, to: Math.min(unit.to, closed) },
    reason,
  )
  const [first] = withoutReadings
  if (first !== undefined) untold(first, (withoutReadings.at(-1) ?? first) + 60, withoutReadings.length)
  return { entries, to, isOpen: to >= closed && to < unit.to }
}

/**
 * Up to where minutes of a unit are closed, in seconds. The meter closes them with entries, but for those of a name whose readings
 * went to another host: once the name stands for itself, those are closed by their age.
 */
async function closedBefore(
  { tools, openMs }: UnitOptions,
  unit: RecomputeUnit,
  nowMs: number,
): Promise<number> {
  const { statements, rules } = tools
  const span = { ...unit, names: [] }
  const last = await lastBooked(statements, span)
  const booked = Math.max(unit.closedTo, last === null ? 0 : last + 60)
  const from = Math.max(booked, unit.from)
  const to = Math.min(unit.to, Math.floor((nowMs - openMs) / 60_000) * 60)
  if (unit.reason !== 'recomputed' || from >= to) return booked
  const read = await lastRead(statements, { ...span, from, to })
  if (read === null) return booked
  const end = Math.min(from + LONGEST, to)
  return (await standsAlone(statements, { ...unit, from, to: end }, rules)) ? read + 60 : booked
}
