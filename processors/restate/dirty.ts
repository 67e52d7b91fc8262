/** What is to be restated: ranges of time of a zone, a month at a time, and how far each is. Kept in the state of the group. */
import { gridIntensity } from '../../core/model/streams/factors.ts'

/** Part of a month of a zone whose intensities were revised, and the progress of the restatement. */
export interface DirtyRange {
  readonly zone: string
  /** Seconds since the epoch, `[from, to)`, within one UTC month. */
  readonly from: number
  readonly to: number
  /** When it was last widened, unix ms: nothing is restated before everybody rates by the new values. */
  readonly sinceMs: number
  /** The last unit that was done in this pass; null: none. */
  readonly cursor: UnitCursor | null
  /** Which entries were stale when this pass began; null: it has not begun. */
  readonly passing: string | null
  /** Which entries were stale when the last pass over all of it began; null: there was none. */
  readonly restated: string | null
}

/** A place in the order of the table. */
export type UnitCursor = readonly [tenant: string, account: string, host: string, kind: string, id: string]

const DAY_SECONDS = 86_400
const KEY = new RegExp(`^${gridIntensity.name}/average/([^/]+)/(\\d{4}-\\d\\d-\\d\\d)$`)

/** The zone and day that a record of stream `factors` is about; null: about nothing that the ledger is rated by. */
export function dayOf(key: string | undefined): { readonly zone: string; readonly from: number } | null {
  const [, zone, day] = KEY.exec(key ?? '') ?? []
  if (zone === undefined || day === undefined) return null
  const from = Date.parse(`${day}T00:00:00Z`) / 1000
  return Number.isNaN(from) ? null : { zone, from }
}

/** Name of the state entry that holds a range: there is one for each zone and month. */
export const dirtyKey = ({ zone, from }: Pick<DirtyRange, 'zone' | 'from'>): string =>
  `${new Date(from * 1000).toISOString().slice(0, 7)}/${zone}`

/** A range with a day more. It is gone through from the beginning: what was done may have been of the old values. */
export function withDay(
  range: DirtyRange | undefined,
  { zone, from }: { readonly zone: string; readonly from: number },
  nowMs: number,
): DirtyRange {
  const to = from + DAY_SECONDS
  return {
    zone,
    from: Math.min(range?.from ?? from, from),
    to: Math.max(range?.to ?? to, to),
    sinceMs: nowMs,
    cursor: null,
    passing: null,
    restated: null,
  }
}

/** As JSON, since ranges are few and small. */
export const encodeRange = (range: DirtyRange): Uint8Array => Buffer.from(JSON.stringify(range))
/** @throws SyntaxError when the bytes are not JSON; the fields are not checked, since `encodeRange` wrote them. */
export const decodeRange = (bytes: Uint8Array): DirtyRange =>
  JSON.parse(Buffer.from(bytes).toString()) as DirtyRange
