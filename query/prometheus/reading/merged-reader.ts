/**
 * One reader of several, whose label sets may be the same: series of two stored ones that differ in what is no label, or of
 * floats and histograms. Their rows become one series, in order of time.
 */
import { type FloatHistogram, keyOf, type Labels, type SampleChunk } from '../../promql/index.ts'
import type { SeriesReader } from './reader.ts'

/** Each label set once. */
export function mergedReader(readers: readonly SeriesReader[]): SeriesReader {
  const ids = new Map<string, number>()
  const series: Labels[] = []
  const shared = new Set<number>()
  const maps = readers.map(reader =>
    Int32Array.from(reader.series, labels => {
      const key = keyOf(labels)
      const known = ids.get(key)
      if (known !== undefined) {
        shared.add(known)
        return known
      }
      ids.set(key, series.length)
      series.push(labels)
      return series.length - 1
    }),
  )
  return {
    series,
    async samples(fromMs, toMs, push) {
      const held = new HeldRows()
      for (const [index, reader] of readers.entries()) {
        const map = maps[index]!
        await reader.samples(fromMs, toMs, chunk => {
          const mapped = { ...chunk, series: chunk.series.map(one => map[one]!) }
          if (shared.size === 0 || !mapped.series.some(one => shared.has(one))) push(mapped)
          else split(mapped, shared, held, push)
        })
      }
      held.pushAll(push)
    },
  }
}

/** Hands on the runs of a chunk that are of one stored series alone, and holds the others. */
function split(
  chunk: SampleChunk,
  shared: ReadonlySet<number>,
  held: HeldRows,
  push: (chunk: SampleChunk) => void,
): void {
  for (let run = 0; run < chunk.series.length; run += 1) {
    const id = chunk.series[run]!
    const [start, end] = [chunk.starts[run]!, chunk.starts[run + 1]!]
    if (shared.has(id)) held.add(id, chunk, start, end)
    else {
      push({
        series: Int32Array.of(id),
        starts: Int32Array.of(0, end - start),
        times: chunk.times.subarray(start, end),
        values: chunk.values.subarray(start, end),
        ...(chunk.histograms === undefined ? {} : { histograms: chunk.histograms.slice(start, end) }),
      })
    }
  }
}

interface MergedSample {
  readonly timeMs: number
  readonly bits: bigint
  readonly histogram: FloatHistogram | undefined
}

/** Rows of series that come from several places. */
class HeldRows {
  readonly #rows = new Map<number, MergedSample[]>()

  add(id: number, chunk: SampleChunk, start: number, end: number): void {
    const rows = this.#rows.get(id) ?? []
    this.#rows.set(id, rows)
    const bits = new BigUint64Array(chunk.values.slice(start, end).buffer)
    for (let row = start; row < end; row += 1)
      rows.push({ timeMs: chunk.times[row]!, bits: bits[row - start]!, histogram: chunk.histograms?.[row] })
  }

  pushAll(push: (chunk: SampleChunk) => void): void {
    for (const [id, rows] of this.#rows) {
      // The sort is stable: of rows at one time the last that was read counts.
      const sorted = rows.sort((a, b) => a.timeMs - b.timeMs)
      const once = sorted.filter((row, index) => row.timeMs !== sorted[index + 1]?.timeMs)
      push({
        series: Int32Array.of(id),
        starts: Int32Array.of(0, once.length),
        times: Float64Array.from(once, ({ timeMs }) => timeMs),
        values: new Float64Array(BigUint64Array.from(once, ({ bits }) => bits).buffer),
        ...(once.some(({ histogram }) => histogram !== undefined)
          ? { histograms: once.map(({ histogram }) => histogram) }
          : {}),
      })
    }
  }
}
