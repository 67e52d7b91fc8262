/** Guarantees that every span is drawn once, inside the trace, below its parent, however broken the tree is. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type TraceSpan, waterfall } from '../../../../dashboards/web/lib/waterfall.ts'
import { traceAnswer } from '../../fixture.ts'

it('draws the tree of a trace in order', () => {
  const { bars, durationMs } = waterfall(traceAnswer('aa').spans.toReversed())
  expect(durationMs).toBeCloseTo(143.2)
  expect(bars.map(bar => `${' '.repeat(bar.depth)}${bar.span.name}`)).toEqual([
    'POST /orders',
    ' validate cart',
    ' GET cart:4711',
    ' SELECT stock',
    ' POST /charge',
    '  fraud check',
    '   score',
    ' INSERT order',
    ' publish order.created',
  ])
  expect(bars[0]).toMatchObject({ offset: 0, width: 1 })
})

it('draws every span once and inside, with orphans, cycles and self-parented spans', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', '')
  const shapes = fc.array(fc.tuple(id, id, fc.nat(1_000), fc.nat(1_000)), { maxLength: 12 })
  const template = traceAnswer('aa').spans[0]!
  fc.assert(
    fc.property(shapes, list => {
      const spans: TraceSpan[] = list.map(([span_id, parent_span_id, start, length]) => ({
        ...template,
        span_id,
        parent_span_id,
        start_unix_nano: String(start),
        duration_nano: String(length),
      }))
      const { bars } = waterfall(spans)
      expect(new Set(bars.map(bar => bar.span))).toEqual(new Set(spans))
      expect(bars).toHaveLength(spans.length)
      for (const bar of bars) {
        expect(bar.offset).toBeGreaterThanOrEqual(0)
        expect(bar.offset + bar.width).toBeLessThanOrEqual(1 + 1e-9)
      }
    }),
  )
})

it('draws no more than its limit and says how many it left out', () => {
  const { bars, left } = waterfall(traceAnswer('aa').spans, 4)
  expect(bars).toHaveLength(4)
  expect(left).toBe(5)
})
