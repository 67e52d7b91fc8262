/** How long each span of a trace works itself: its duration less what its children cover (docs/requests.md). */
import { larger } from '../../core/model/integers.ts'

/** A span, times in ns. */
export interface TimedSpan {
  readonly id: string
  readonly parent: string
  readonly kind: string
  readonly start: bigint
  readonly duration: bigint
}

type Interval = readonly [from: bigint, to: bigint]

/** In the order of the spans, ns. */
export function selfTimes(spans: readonly TimedSpan[]): readonly bigint[] {
  const children = Map.groupBy(spans, ({ parent }) => parent)
  return spans.map(span => {
    const [from, to] = [span.start, span.start + span.duration]
    const covering = (span.id === '' ? [] : (children.get(span.id) ?? []))
      .filter(child => child !== span)
      .map(child => placed(child, span))
      .map(([start, end]): Interval => [larger(start, from), -larger(-end, -to)])
      .filter(([start, end]) => end > start)
    return span.duration - lengthOf(covering)
  })
}

/** A server answers while its client waits: one that fits and does not lie within it is put into its middle. */
function placed(child: TimedSpan, parent: TimedSpan): Interval {
  const own: Interval = [child.start, child.start + child.duration]
  const isWithin = own[0] >= parent.start && own[1] <= parent.start + parent.duration
  const isAnswer = parent.kind === 'Client' && child.kind === 'Server'
  if (!isAnswer || isWithin || child.duration > parent.duration) return own
  const start = parent.start + (parent.duration - child.duration) / 2n
  return [start, start + child.duration]
}

function lengthOf(intervals: readonly Interval[]): bigint {
  let length = 0n
  let reached: bigint | null = null
  for (const [from, to] of intervals.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const start = larger(reached ?? from, from)
    if (to > start) length += to - start
    if (reached === null || to > reached) reached = to
  }
  return length
}
