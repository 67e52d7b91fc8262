/** Rows of stream `late_readings`: what came after its window was closed, and waits for restating. */
import type { lateReadings } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { windowStartSeconds } from '../../../core/model/window.ts'
import type { Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import type { LateSlice } from './integrate.ts'

/** A row of stream `late_readings`. */
export type LateRow = RowOf<typeof lateReadings>

/** Reasons of readings whose minutes are computed again: they belong into the books, or the books went around them. */
export const RESTATED_REASONS = [
  'closed',
  'out_of_order',
  'overflow',
  'no_room',
  'ahead',
  'set_back',
] as const
/** Reasons of readings whose own time is wrong: they belong to no minute. */
export const WRONGLY_DATED = ['ahead', 'set_back'] as const
export const isWronglyDated = (reason: string): boolean => reason === 'ahead' || reason === 'set_back'

interface LatePart {
  readonly window: number
  /** What it adds to the closed window, in the unit of the quantity. */
  readonly value: bigint
  readonly timeNano: bigint
  /** closed | out_of_order | overflow | no_room | ahead | set_back | implausible */
  readonly reason: string
}

/** The row for one part of one series that is not booked. */
export function lateRow({ tenant, host }: HostState, { identity }: Series, part: LatePart): LateRow {
  return {
    Tenant: tenant,
    Host: host,
    WindowStart: windowStartSeconds(part.window),
    Quantity: identity.quantity,
    Domain: identity.domain,
    Device: identity.device,
    WorkloadKind: identity.workloadKind,
    WorkloadId: identity.workloadId,
    Value: part.value,
    Timestamp: part.timeNano,
    Reason: part.reason,
  }
}

/** One row per window, series and reason; parts that several late samples brought are added up. */
export function lateRows(state: HostState, slices: readonly LateSlice[]): LateRow[] {
  const rows = new Map<Series, Map<string, LateRow>>()
  for (const { series, window, amount, timeNano, reason } of slices) {
    const ofSeries = rows.get(series) ?? new Map<string, LateRow>()
    rows.set(series, ofSeries)
    const key = `${window} ${reason}`
    const value = (ofSeries.get(key)?.Value ?? 0n) + amount
    ofSeries.set(key, lateRow(state, series, { window, value, timeNano, reason }))
  }
  return [...rows.values()].flatMap(ofSeries => [...ofSeries.values()])
}
