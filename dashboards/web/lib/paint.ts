import { intervalStarts, type Layer, stackEdges } from './live.ts'

/** Fill of a layer: its colour, hatched for idle energy. */
export interface Fill {
  readonly colour: string
  readonly hatched: boolean
}

/** Position of a value on the canvas, in canvas pixels. */
interface CanvasScale {
  readonly x: (timeMs: number) => number
  readonly y: (watts: number) => number
}

/**
 * Draws the stacked areas. Each interval is a step from its start to its end, since a reading covers an interval, not a
 * moment; nothing is drawn where no meter covers an interval.
 */
export function paintStack(
  context: CanvasRenderingContext2D,
  timesMs: readonly number[],
  layers: readonly Layer[],
  fills: readonly Fill[],
  place: CanvasScale,
): void {
  const starts = intervalStarts(timesMs)
  const edges = stackEdges(layers, timesMs.length)
  const zero = place.y(0)
  const runs = intervalRuns(edges.at(-1) ?? [])
  for (const [at] of layers.entries()) {
    const area = new Path2D()
    const line = new Path2D()
    for (const run of runs) {
      traceEdge(area, line, run, index => place.y(edges[at]![index]!), starts, timesMs, place.x)
      traceBase(
        area,
        run,
        index => (at === 0 ? zero : place.y(edges[at - 1]![index]!)),
        starts,
        timesMs,
        place.x,
      )
      area.closePath()
    }
    fillArea(context, area, line, fills[at]!)
  }
}

/** First and last index of consecutive intervals without a gap. */
interface IntervalRun {
  readonly first: number
  readonly last: number
}

/** Runs of intervals with a value; a null between two runs is a gap that stays unpainted. */
export function intervalRuns(top: readonly (number | null)[]): readonly IntervalRun[] {
  const runs: IntervalRun[] = []
  let first = -1
  for (let index = 0; index <= top.length; index++) {
    const seen = index < top.length && top[index] !== null
    if (seen && first < 0) first = index
    if (seen || first < 0) continue
    runs.push({ first, last: index - 1 })
    first = -1
  }
  return runs
}

function traceEdge(
  area: Path2D,
  line: Path2D,
  run: IntervalRun,
  y: (index: number) => number,
  starts: readonly number[],
  timesMs: readonly number[],
  x: (timeMs: number) => number,
): void {
  for (let index = run.first; index <= run.last; index++) {
    const height = y(index)
    if (index === run.first) {
      area.moveTo(x(starts[index]!), height)
      line.moveTo(x(starts[index]!), height)
    } else {
      area.lineTo(x(starts[index]!), height)
      line.lineTo(x(starts[index]!), height)
    }
    area.lineTo(x(timesMs[index]!), height)
    line.lineTo(x(timesMs[index]!), height)
  }
}

function traceBase(
  area: Path2D,
  run: IntervalRun,
  y: (index: number) => number,
  starts: readonly number[],
  timesMs: readonly number[],
  x: (timeMs: number) => number,
): void {
  for (let index = run.last; index >= run.first; index--) {
    area.lineTo(x(timesMs[index]!), y(index))
    area.lineTo(x(starts[index]!), y(index))
  }
}

function fillArea(context: CanvasRenderingContext2D, area: Path2D, line: Path2D, fill: Fill): void {
  context.save()
  context.fillStyle = fill.colour
  if (fill.hatched) {
    context.globalAlpha = 0.16
    context.fill(area)
    context.globalAlpha = 0.55
    context.fillStyle = hatch(context, fill.colour) ?? fill.colour
    context.fill(area)
    // An outline only on top: between many thin layers, nothing else would be visible.
    context.globalAlpha = 0.9
    context.strokeStyle = fill.colour
    context.lineWidth = devicePixelRatio
    context.stroke(line)
  } else {
    context.globalAlpha = 0.92
    context.fill(area)
  }
  context.restore()
}

function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const size = Math.round(7 * devicePixelRatio)
  const tile = document.createElement('canvas')
  tile.width = size
  tile.height = size
  const pen = tile.getContext('2d')
  if (pen === null) return null
  pen.strokeStyle = colour
  pen.lineWidth = devicePixelRatio
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size)
    pen.lineTo(shift + size, 0)
  }
  pen.stroke()
  return context.createPattern(tile, 'repeat')
}

/** The colour of a style variable in the current theme: a canvas does not support variables. */
export function resolveColour(variable: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${variable})`
  document.body.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  return colour
}
