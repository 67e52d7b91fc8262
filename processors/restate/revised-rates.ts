/**
 * Which time a record of stream `factors` revises whose values price entries one by one: spot prices and PUE. (Intensities are the
 * engine's business.) Prices of the configuration and price lists hold for what is to come: who wants what is booked priced by
 * them asks for it.
 */
import { readRecord } from '../../core/columns/record-reader.ts'
import { pueFactors, tariffs } from '../../core/model/streams/factors.ts'

/** `[from, to)` in whole minutes, seconds since the epoch. */
export interface RevisedRange {
  readonly from: number
  readonly to: number
}

const SPOT_DAY = new RegExp(`^${tariffs.name}/spot/[^/]+/[^/]+/(\\d{4}-\\d\\d-\\d\\d)$`)
const PUE = new RegExp(`^${pueFactors.name}/(site|zone)/[^/]+$`)
const DAY_SECONDS = 86_400
/** A record of PUE holds all of its values: of those that began earlier, so much is looked at. */
const PUE_SECONDS = 31 * DAY_SECONDS

/** Null: nothing that was booked by `nowMs` is concerned. */
export function revisedRates(key: string | undefined, value: Uint8Array, nowMs: number): RevisedRange | null {
  const now = Math.floor(nowMs / 60_000) * 60
  const [, day] = SPOT_DAY.exec(key ?? '') ?? []
  if (day !== undefined) {
    const from = Date.parse(`${day}T00:00:00Z`) / 1000
    return clipped({ from, to: Math.min(from + DAY_SECONDS, now) })
  }
  if (!PUE.test(key ?? '')) return null
  const { rows, columns } = readRecord(pueFactors, value)
  let [from, to] = [now, 0]
  for (let row = 0; row < rows; row += 1) {
    const end = columns.ValidTo.get(row)
    from = Math.min(from, columns.ValidFrom.get(row))
    to = Math.max(to, end === null ? now : Number(end))
  }
  return clipped({ from: Math.max(from, now - PUE_SECONDS), to: Math.min(to, now) })
}

function clipped({ from, to }: RevisedRange): RevisedRange | null {
  const [start, end] = [Math.floor(from / 60) * 60, Math.ceil(to / 60) * 60]
  return start < end ? { from: start, to: end } : null
}
