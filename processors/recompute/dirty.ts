/** Which minutes of which hosts are to be computed again. Kept in the state of the group, an entry a host. */

/** Minutes `[from, to)` of a host, in seconds since the epoch. */
export interface DirtyMinutes {
  readonly from: number
  readonly to: number
  /** When they are to be computed, unix ms; and when at the latest, whatever comes. */
  readonly dueMs: number
  readonly latestMs: number
}

/** All that is to be done of one host. */
export interface DirtyHost {
  readonly tenant: string
  readonly host: string
  /** In order, apart from each other. */
  readonly ranges: readonly DirtyMinutes[]
  /** The meter has closed the minutes before, seconds. */
  readonly closedTo: number
}

/** Ranges less than this apart are one: the minutes between cost less than a unit of their own. */
const NEAR_SECONDS = 300
/** Ranges of one host. If there are more, the nearest ones are merged. */
const MOST_RANGES = 256

/** A host with more minutes. */
export function withMinutes(host: DirtyHost, more: DirtyMinutes): DirtyHost {
  const sorted = [...host.ranges, more].toSorted((a, b) => a.from - b.from)
  let ranges: DirtyMinutes[] = []
  for (const range of sorted) {
    const last = ranges.at(-1)
    if (last === undefined || range.from - last.to > NEAR_SECONDS) ranges.push(range)
    else ranges[ranges.length - 1] = together(last, range)
  }
  while (ranges.length > MOST_RANGES) ranges = withoutSmallestGap(ranges)
  return { ...host, ranges }
}

const together = (a: DirtyMinutes, b: DirtyMinutes): DirtyMinutes => ({
  from: Math.min(a.from, b.from),
  to: Math.max(a.to, b.to),
  dueMs: Math.min(a.latestMs, b.latestMs, Math.max(a.dueMs, b.dueMs)),
  latestMs: Math.min(a.latestMs, b.latestMs),
})

function withoutSmallestGap(ranges: readonly DirtyMinutes[]): DirtyMinutes[] {
  const gaps = ranges.slice(1).map((range, index) => range.from - (ranges[index]?.to ?? 0))
  const at = gaps.indexOf(Math.min(...gaps))
  const [before, after] = [ranges[at], ranges[at + 1]]
  if (before === undefined || after === undefined) return [...ranges]
  return [...ranges.slice(0, at), together(before, after), ...ranges.slice(at + 2)]
}

/** Longer than anything waits: by then the meter has forgotten a host, and closed what it closes. */
export const GIVEN_UP_MS = 2 * 86_400_000

/** Whether minutes are to be computed now. A clock that was set back since must not delay it. */
export const isDue = ({ dueMs }: DirtyMinutes, nowMs: number): boolean =>
  nowMs >= dueMs || dueMs - nowMs > GIVEN_UP_MS

/** Name of the state entry of a host. */
export const dirtyHostKey = (tenant: string, host: string): string => `${tenant}\u0000${host}`

/** As JSON, since hosts with late readings are few. */
const encodeDirtyHost = (host: DirtyHost): Uint8Array => Buffer.from(JSON.stringify(host))
/** @throws SyntaxError when the bytes are not JSON; the fields are not checked, since `encodeDirtyHost` wrote them. */
export const decodeDirtyHost = (bytes: Uint8Array): DirtyHost =>
  JSON.parse(Buffer.from(bytes).toString()) as DirtyHost

/** What is left to do of a host, in the pass and beside it; null: nothing. */
export function bytesOf(host: DirtyHost, inPass: readonly DirtyMinutes[]): Uint8Array | null {
  const all = inPass.reduce(withMinutes, host)
  return all.ranges.length === 0 ? null : encodeDirtyHost(all)
}
