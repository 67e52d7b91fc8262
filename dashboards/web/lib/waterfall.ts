import type { TraceAnswer } from '../../../core/api/answers.ts'

/** One span of an answer; its times are nanoseconds as decimal text. */
export type TraceSpan = TraceAnswer['spans'][number]

/** A span in the waterfall; `offset` and `width` are shares of the trace's duration, 0..1. */
export interface Bar {
  readonly span: TraceSpan
  readonly depth: number
  readonly offset: number
  readonly width: number
}

interface Waterfall {
  readonly bars: readonly Bar[]
  readonly durationMs: number
  /** Number of spans beyond the limit, which are not drawn. */
  readonly left: number
}

/** With more bars than this, a page is neither readable nor fast. */
const MOST_BARS = 500

/**
 * Spans in tree order, siblings by start. A span whose parent is missing in the answer is a root: a part of the trace
 * may still be in transit. Broken trees (a cycle) lose nothing: spans that no root reaches are added at the end.
 */
export function waterfall(spans: readonly TraceSpan[], bound = MOST_BARS): Waterfall {
  if (spans.length === 0) return { bars: [], durationMs: 0, left: 0 }
  const byStart = spans.toSorted((a, b) => compare(BigInt(a.start_unix_nano), BigInt(b.start_unix_nano)))
  const start = BigInt(byStart[0]!.start_unix_nano)
  const end = byStart.reduce((latest, span) => {
    const spanEnd = BigInt(span.start_unix_nano) + BigInt(span.duration_nano)
    return spanEnd > latest ? spanEnd : latest
  }, start)
  const ordered = treeOrder(byStart)
  const total = Number(end - start) || 1
  const bars = ordered.slice(0, bound).map(({ span, depth }) => ({
    span,
    depth,
    offset: Number(BigInt(span.start_unix_nano) - start) / total,
    width: Number(BigInt(span.duration_nano)) / total,
  }))
  return { bars, durationMs: Number(end - start) / 1e6, left: ordered.length - bars.length }
}

interface NestedSpan {
  readonly span: TraceSpan
  readonly depth: number
}

function treeOrder(byStart: readonly TraceSpan[]): readonly NestedSpan[] {
  const ids = new Set(byStart.map(span => span.span_id))
  const children = Map.groupBy(byStart, span => span.parent_span_id)
  const placed: NestedSpan[] = []
  const seen = new Set<TraceSpan>()
  const place = (root: TraceSpan): void => {
    const open: NestedSpan[] = [{ span: root, depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next.span)) continue
      seen.add(next.span)
      placed.push(next)
      const below = children.get(next.span.span_id) ?? []
      for (const span of below.toReversed()) open.push({ span, depth: next.depth + 1 })
    }
  }
  for (const span of byStart) if (!ids.has(span.parent_span_id)) place(span)
  for (const span of byStart) if (!seen.has(span)) place(span)
  return placed
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
