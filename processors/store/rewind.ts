/**
 * Reading the log once more for rows that the tables have lost. Which records these are is known exactly, by their tokens and
 * by how far the tables have the log; the others on the way are passed over, since the engine may have forgotten their tokens.
 * The plan is state of the group, written in one transaction with the offset: a kill at any moment changes nothing of it.
 */
import type { Holding } from '../../core/broker/broker.ts'

/** Name of the plan in the state of `store`. */
export const REWIND = 'rewind'

/** The plan for reading a partition again, as stored in the state of `store`. */
export interface Rewind {
  /** From the committed offset up to below this one only the records in `wanted` are stored. */
  readonly until: bigint
  /** Offsets, `from` up to below `to`, in order. */
  readonly wanted: readonly (readonly [from: bigint, to: bigint])[]
  /** Highest block of the table when the plan was made: what is restored has higher ones. */
  readonly above: number
  /** Rows from this offset on are restored too, but were in no part that is told to be lost. Null: they all were. */
  readonly counted: bigint | null
  /** Rows below it that were restored so far. */
  readonly rows: number
}

/** The plan as JSON; offsets are decimal text, since JSON numbers do not hold 64 bits. */
export function encodeRewind({ until, wanted, above, counted, rows }: Rewind): Uint8Array {
  const ranges = wanted.map(([from, to]) => [`${from}`, `${to}`])
  const below = counted === null ? {} : { counted: `${counted}` }
  return Buffer.from(JSON.stringify({ until: `${until}`, wanted: ranges, above, ...below, rows }))
}

/** The plan in the state of a partition; null when there is none. */
export function decodeRewind(state: ReadonlyMap<string, Uint8Array>): Rewind | null {
  const stored = state.get(REWIND)
  if (stored === undefined) return null
  const { until, wanted, above, counted, rows } = JSON.parse(Buffer.from(stored).toString()) as {
    readonly until: string
    readonly wanted: readonly (readonly [string, string])[]
    readonly above: number
    readonly counted?: string
    readonly rows: number
  }
  return {
    until: BigInt(until),
    wanted: wanted.map(([from, to]) => [BigInt(from), BigInt(to)]),
    above,
    counted: counted === undefined ? null : BigInt(counted),
    rows,
  }
}

/** Whether the record at this offset is to be stored again. */
export const isWanted = ({ wanted }: Rewind, offset: bigint): boolean =>
  wanted.some(([from, to]) => from <= offset && offset < to)

/** What is known of one partition of the log when its tables are compared with it. */
export interface RewindInputs {
  readonly holding: Holding
  /** How far the tables have it; undefined: not kept yet, or nothing. */
  readonly stored: { readonly origin: string; readonly next: bigint } | undefined
  /** Whether `stored` is kept at all. */
  readonly isKept: boolean
  /** Nothing of any record is in the table, or it cannot be told which records are. */
  readonly isAllMissing: boolean
  /** Whether the engine has the token of a record, whatever became of its rows. */
  readonly isLogged: (offset: bigint) => boolean
  /** Whether the engine may have forgotten tokens: it keeps only the newest ones. */
  readonly mayForget: boolean
  /** Whether it has the token and lacks rows of it. */
  readonly isBurnt: (offset: bigint) => boolean
  /** Up to which offset the parts of the inventory have it; null: not recorded. */
  readonly inventoried: bigint | null
  readonly above: number
}

/** From which offset a partition is read again, and what of it is stored. */
export interface RewindPlan {
  readonly offset: bigint
  readonly rewind: Rewind
  /** Records that the tables lack, and that the log still has. */
  readonly restorable: number
}

/** Null: the group goes on where it is. */
export function planRewind(inputs: RewindInputs): RewindPlan | null {
  const { holding, isAllMissing, isBurnt, isLogged, above } = inputs
  const { first, committed, end, state } = holding
  const pending = decodeRewind(state)
  const known = knownUpTo(inputs)
  const isRepeated = repeatsOnly(inputs, known)
  const isPending = (offset: bigint): boolean =>
    pending !== null && offset >= committed && offset < pending.until && isWanted(pending, offset)
  // Was stored, or passed over because it had been.
  const isDone = (offset: bigint): boolean =>
    offset < committed || (pending !== null && offset < pending.until && !isWanted(pending, offset))
  const isLost = (offset: bigint): boolean =>
    isDone(offset) && (isAllMissing || offset >= known || isBurnt(offset))
  const isNext = (offset: bigint): boolean =>
    !isDone(offset) && (isAllMissing || offset >= known || isRepeated || isLogged(offset))
  const until = ordered([committed, pending?.until ?? 0n, ordered([known, end])[0]!]).at(-1)!
  const wanted: [bigint, bigint][] = []
  let restorable = 0
  for (let offset = first; offset < until; offset++) {
    if (isLost(offset)) restorable += 1
    else if (!isPending(offset) && !isNext(offset)) continue
    const last = wanted.at(-1)
    if (last?.[1] === offset) last[1] = offset + 1n
    else wanted.push([offset, offset + 1n])
  }
  const from = wanted[0]?.[0] ?? until
  const isPlain = wanted.every(([start, stop]) => start >= committed && stop <= until) && restorable === 0
  const isWhole = wanted.length === 1 && wanted[0]![0] <= committed && wanted[0]![1] === until
  if (pending === null && isPlain && (until === committed || isWhole)) return null
  const rewind = {
    until,
    wanted,
    above: Math.min(pending?.above ?? above, above),
    counted: countedOf(pending, inputs.inventoried),
    rows: pending?.rows ?? 0,
  }
  return { offset: ordered([from, committed])[0]!, rewind, restorable }
}

function countedOf(pending: Rewind | null, inventoried: bigint | null): bigint | null {
  if (pending === null || inventoried === null) return inventoried
  return pending.counted === null ? null : ordered([pending.counted, inventoried])[1]!
}

const ordered = (offsets: readonly bigint[]): bigint[] =>
  offsets.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** Longest poll of `store`. */
const POLL_RECORDS = 16

/**
 * Whether what is stored and not committed is what a kill leaves: it is stored once more, and the tokens make nothing of it.
 * Otherwise this log is an older copy, and the tokens may be forgotten: what has none is passed over.
 */
function repeatsOnly({ holding, stored, mayForget, isLogged }: RewindInputs, known: bigint): boolean {
  const { committed } = holding
  if (stored === undefined || known <= committed) return true
  if (stored.next - committed > POLL_RECORDS) return false
  for (let offset = committed; offset < known; offset++) if (isLogged(offset)) return true
  return !mayForget
}

/** The offset below which the tables have seen every record; beyond the end where they have not said. */
export function knownUpTo({
  holding,
  stored,
  isKept,
}: Pick<RewindInputs, 'holding' | 'stored' | 'isKept'>): bigint {
  const { first, end, committed, originOf } = holding
  if (!isKept) return committed
  if (stored === undefined) return first
  if (stored.next > 0n && stored.next <= end && originOf(stored.next - 1n) === stored.origin)
    return stored.next
  // Of another history of the log: they have what is left of it here, and nothing of what came after.
  let shared = first
  for (let offset = first; offset < end && offset < stored.next; offset++) {
    if (originOf(offset) === stored.origin) shared = offset + 1n
  }
  return shared
}
