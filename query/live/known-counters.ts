/**
 * The counters of the hosts that pages show, kept between two readings: a page asks for an hour every five seconds, and nearly all of it
 * is what it got before. A reading covers what is newer than the last one, and now and then everything, which finds what came late.
 */
import { type CounterRow, SERIES_MAX } from './statements.ts'

/** Readings arrive some time after they were taken. */
const OVERLAP_MS = 30_000
/** What came later than that is found then. */
const WHOLE_EVERY_MS = 60_000
/** Nobody has asked for it this long: the page is closed. */
const KEPT_MS = 20_000
/** Of all hosts together, about 150 bytes each. */
const MOST_SAMPLES = 200_000

interface Known {
  rows: readonly CounterRow[]
  samples: number
  readMs: number
  wholeMs: number
}

/** What is asked for. */
export interface CounterQuestion {
  /** Names everything that the rows depend on besides the time: tenant, hosts, span. */
  readonly key: string
  readonly nowMs: number
  readonly spanMs: number
  /** One sample per bucket: a reading begins with a whole one. */
  readonly bucketMs: number
}

/** Reads counters since a time, one sample per bucket. */
type ReadCounters = (sinceMs: number) => Promise<readonly CounterRow[]>

/** One per process. */
export class KnownCounters {
  readonly #known = new Map<string, Known>()

  /** The counters of the span that ends now. */
  async find(question: CounterQuestion, read: ReadCounters): Promise<readonly CounterRow[]> {
    const { key, nowMs, spanMs, bucketMs } = question
    this.#forget(nowMs)
    const known = this.#known.get(key)
    const fromMs = nowMs - spanMs
    if (known === undefined || nowMs - known.wholeMs >= WHOLE_EVERY_MS) {
      const rows = await read(fromMs)
      this.#keep(key, { rows, samples: samplesOf(rows), readMs: nowMs, wholeMs: nowMs })
      return rows
    }
    const newestMs = Math.min(known.readMs, ...newestOfSources(known.rows))
    const sinceMs = Math.max(fromMs, Math.floor((newestMs - OVERLAP_MS) / bucketMs) * bucketMs)
    const rows = merged(known.rows, await read(sinceMs), fromMs, sinceMs)
    this.#keep(key, { rows, samples: samplesOf(rows), readMs: nowMs, wholeMs: known.wholeMs })
    return rows
  }

  /** The newest last. Beyond the limit the oldest are forgotten. */
  #keep(key: string, known: Known): void {
    this.#known.delete(key)
    if (known.samples > MOST_SAMPLES) return
    this.#known.set(key, known)
    let samples = 0
    for (const [other, { samples: some }] of [...this.#known].toReversed()) {
      samples += some
      if (samples > MOST_SAMPLES) this.#known.delete(other)
    }
  }

  /** Also after a step of the clock. */
  #forget(nowMs: number): void {
    for (const [key, { readMs }] of this.#known) {
      const ageMs = nowMs - readMs
      if (ageMs < 0 || ageMs >= KEPT_MS) this.#known.delete(key)
    }
  }
}

const samplesOf = (rows: readonly CounterRow[]): number =>
  rows.reduce((sum, { samples }) => sum + samples.length, 0)

/** Time of the newest sample of each source: a clock that is behind, or an edge that forwards, makes all of its samples old. */
function newestOfSources(rows: readonly CounterRow[]): readonly number[] {
  const newest = new Map<string, number>()
  for (const { Source, samples } of rows) {
    const timeMs = Number(samples.at(-1)?.[0] ?? 0)
    if (timeMs > (newest.get(Source) ?? 0)) newest.set(Source, timeMs)
  }
  return [...newest.values()]
}

const seriesOf = (row: CounterRow): readonly string[] => [
  row.Quantity,
  row.Domain,
  row.Device,
  row.WorkloadKind,
  row.WorkloadId,
  row.BootId,
  row.Source,
  row.Quality,
]

/** What was known before `sinceMs` and what was read since, in the order of the statement. */
function merged(
  before: readonly CounterRow[],
  read: readonly CounterRow[],
  fromMs: number,
  sinceMs: number,
): readonly CounterRow[] {
  const newer = new Map(read.map(row => [JSON.stringify(seriesOf(row)), row]))
  const rows = before.flatMap((row): CounterRow[] => {
    const series = JSON.stringify(seriesOf(row))
    const more = newer.get(series)
    newer.delete(series)
    const first = row.samples.findIndex(([time]) => Number(time) >= fromMs)
    const end = row.samples.findLastIndex(([time]) => Number(time) < sinceMs) + 1
    const kept = first < 0 ? [] : row.samples.slice(first, end)
    if (more === undefined) return kept.length === 0 ? [] : [{ ...row, samples: kept }]
    const RangeMax = BigInt(more.RangeMax) > BigInt(row.RangeMax) ? more.RangeMax : row.RangeMax
    return [{ ...more, RangeMax, samples: [...kept, ...more.samples] }]
  })
  if (newer.size === 0) return rows
  return [...rows, ...newer.values()]
    .map(row => ({ row, series: seriesOf(row) }))
    .toSorted((a, b) => inOrder(a.series, b.series))
    .slice(0, SERIES_MAX)
    .map(({ row }) => row)
}

function inOrder(a: readonly string[], b: readonly string[]): number {
  for (const [index, text] of a.entries()) {
    const other = b[index]!
    if (text !== other) return Buffer.compare(Buffer.from(text), Buffer.from(other))
  }
  return 0
}
