import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { POWER } from '../../../../core/model/amounts.ts'
import { chartSpan, intervalAt, intervalStarts, type Layer, newestIndex, totalAt } from '../../lib/live.ts'
import { clockText } from '../../lib/now.ts'
import { type Fill, paintStack, resolveColour } from '../../lib/paint.ts'
import { formatQuantity } from '../../lib/units.ts'
import { Tooltip } from './tooltip.tsx'

interface ChartProps {
  readonly timesMs: readonly number[]
  /** Visible layers from the bottom up. */
  readonly layers: readonly Layer[]
  /** Style variable of each layer's colour, aligned with `layers`. */
  readonly colours: readonly string[]
  readonly minutes: number
  readonly theme: string
}

/** Inputs of the painting hooks: always the newest values, without rebuilding the chart. */
interface Scene {
  props: ChartProps
  fills: readonly Fill[]
}

/** Watts over time, stacked. Pointer and arrow keys move one cursor; its interval is read out and shown. */
export function LiveChart(props: ChartProps) {
  const { timesMs, layers, minutes, theme } = props
  const frame = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const [cursor, setCursor] = useState<{ index: number; left: number } | null>(null)
  const fills = useFills(props)
  const scene = useRef<Scene>({ props, fills })
  scene.current = { props, fills }

  const data = useMemo<uPlot.AlignedData>(
    () => [
      timesMs.map(time => time / 1000),
      timesMs.map((_, index) => {
        const total = totalAt(layers, index)
        return total === null ? null : total / 1000
      }),
    ],
    [timesMs, layers],
  )

  useEffect(() => {
    const element = frame.current!
    const made = new uPlot(optionsFor(element, scene, setCursor), data, element)
    chart.current = made
    const watch = new ResizeObserver(() => made.setSize(sizeOf(element)))
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [theme])

  useEffect(() => chart.current?.setData(data), [data, minutes, fills])

  const move = (index: number): void => {
    const made = chart.current
    const time = timesMs[index]
    if (made === null || time === undefined) return
    const middle = (intervalStarts(timesMs)[index]! + time) / 2
    made.setCursor({ left: made.valToPos(middle / 1000, 'x'), top: 10 })
  }
  const at = cursor?.index ?? newestIndex(layers, timesMs.length)
  return (
    <div class="chart">
      <div
        ref={frame}
        class="chart-frame"
        role="slider"
        tabIndex={0}
        aria-label="Watts over time; arrow keys move through the intervals"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, timesMs.length - 1)}
        aria-valuenow={Math.max(0, at)}
        aria-valuetext={spokenValue(props, at)}
        onKeyDown={event => {
          const next = nextIndex(event.key, at, timesMs.length)
          if (next === null) return
          event.preventDefault()
          move(next)
        }}
        onBlur={() => chart.current?.setCursor({ left: -10, top: -10 })}
      />
      {cursor !== null && timesMs[cursor.index] !== undefined && (
        <Tooltip {...props} index={cursor.index} left={cursor.left} width={frame.current?.clientWidth ?? 0} />
      )}
    </div>
  )
}

function useFills({ layers, colours, theme }: ChartProps): readonly Fill[] {
  const list = colours.join()
  return useMemo(
    () =>
      layers.map((layer, index) => ({
        colour: resolveColour(colours[index]!),
        hatched: layer.share === 'idle',
      })),
    [layers, list, theme],
  )
}

/** The style sheet sets the size of the frame; the chart fills it. */
function sizeOf(frame: HTMLElement): { readonly width: number; readonly height: number } {
  return { width: frame.clientWidth, height: frame.clientHeight }
}

function optionsFor(
  frame: HTMLElement,
  scene: { readonly current: Scene },
  onCursor: (cursor: { index: number; left: number } | null) => void,
): uPlot.Options {
  // A canvas does not support rem, but the drawing still scales with the page's text.
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  const grid = { stroke: resolveColour('--grid'), width: 1 }
  const axis = {
    stroke: resolveColour('--muted'),
    font: `${0.75 * rem}px system-ui, sans-serif`,
    grid,
    ticks: { show: false },
  }
  return {
    ...sizeOf(frame),
    legend: { show: false },
    padding: [0.75 * rem, 1.4 * rem, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
    scales: {
      x: { range: () => timeRange(scene.current.props) },
      y: { range: (_, _min, max) => [0, Math.max(1, (max || 0) * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 1.9 * rem,
        incrs: [60, 120, 300, 600, 900],
        space: 4 * rem,
        values: (_, splits) => splits.map(split => clockText(split * 1000, false)),
      },
      {
        ...axis,
        size: 3.25 * rem,
        space: 3 * rem,
        values: (_, splits) => splits.map(split => `${Number(split.toFixed(2))} W`),
      },
    ],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      draw: [chart => paint(chart, scene.current)],
      setCursor: [
        chart => {
          const { left } = chart.cursor
          const { timesMs } = scene.current.props
          const inside = left !== undefined && left >= 0 && timesMs.length > 0
          // The chart itself would choose the nearest end of an interval, which half of the time is the neighbour's.
          const index = inside ? intervalAt(timesMs, chart.posToVal(left, 'x') * 1000) : -1
          onCursor(inside ? { index, left: left + chart.bbox.left / devicePixelRatio } : null)
        },
      ],
    },
  }
}

function paint(chart: uPlot, { props, fills }: Scene): void {
  const { ctx, bbox } = chart
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  paintStack(ctx, props.timesMs, props.layers, fills, {
    x: timeMs => Math.round(chart.valToPos(timeMs / 1000, 'x', true)),
    y: watts => chart.valToPos(watts, 'y', true),
  })
  ctx.restore()
}

function timeRange({ timesMs, minutes }: ChartProps): uPlot.Range.MinMax {
  const [from, to] = chartSpan(timesMs, minutes, Date.now())
  return [from / 1000, to / 1000]
}

function nextIndex(key: string, at: number, length: number): number | null {
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: 12, PageDown: -12 }
  if (key === 'Home') return 0
  if (key === 'End') return length - 1
  const step = steps[key]
  return step === undefined ? null : Math.min(length - 1, Math.max(0, at + step))
}

function spokenValue({ timesMs, layers }: ChartProps, index: number): string {
  const time = timesMs[index]
  if (time === undefined) return 'no readings yet'
  const total = totalAt(layers, index)
  if (total === null) return `${clockText(time)}: no readings`
  const most = layers
    .map(layer => ({ name: layer.name, milliwatts: layer.milliwatts[index] ?? 0 }))
    .toSorted((a, b) => b.milliwatts - a.milliwatts)
    .slice(0, 3)
    .map(({ name, milliwatts }) => `${name} ${watts(milliwatts)}`)
  return `${clockText(time)}: ${watts(total)}; ${most.join(', ')}`
}

function watts(milliwatts: number): string {
  const { value, unit } = formatQuantity(BigInt(milliwatts), POWER)
  return `${value} ${unit}`
}
