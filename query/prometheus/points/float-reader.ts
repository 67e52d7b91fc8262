/** Reads gauges and sums of one metric. */
import type { Labels, SampleChunk } from '../../promql/index.ts'
import { Arena } from '../native/arena.ts'
import { floatsOf, type NativeBlock } from '../native/columns.ts'
import { ReadAhead } from '../reading/read-ahead.ts'
import type { Ask, SeriesReader } from '../reading/reader.ts'
import type { Read } from '../wire/messages.ts'
import { FloatRuns } from './float-runs.ts'
import type { StoredSeries } from './labels.ts'
import type { MetricSeries } from './series-index.ts'
import { runsOf } from './series-runs.ts'
import { LONGEST_SPAN_MS, type SampleSpan, spanStart } from './statement.ts'

/** Series of a metric that a selector wants. */
export interface Picked {
  readonly known: MetricSeries
  /** Places of the wanted series in `known`. */
  readonly places: readonly number[]
  /** Their label sets. */
  readonly labels: readonly Labels[]
}

/** Series times seconds of a span that is read at once: at one sample a second 96 MB. */
const AHEAD_SERIES_SECONDS = 6_000_000

interface FloatReaderOptions {
  readonly ask: Ask
  readonly picked: Picked
  /** The span of the whole selector. */
  readonly span: SampleSpan
  readonly isDelta: boolean
  /** Rows of the given series, null for all: three columns of the series, the time, the value. */
  readonly statement: (series: readonly StoredSeries[] | null, span: SampleSpan) => Read
  /** The values of a block, which may be changed. Default: its fifth column. */
  readonly values?: (block: NativeBlock) => Float64Array
}

/** Samples of the picked series. */
export function floatReader(options: FloatReaderOptions): SeriesReader {
  const { picked, span } = options
  const sums = options.isDelta ? new Float64Array(picked.places.length) : null
  const isAhead = (picked.places.length * (span.toMs - span.fromMs)) / 1000 <= AHEAD_SERIES_SECONDS
  const arena = new Arena()
  let ahead: ReadAhead | null = null
  return {
    series: picked.labels,
    async samples(fromMs, toMs, push) {
      if (!isAhead) {
        await readSpan(options, { arena, sums }, { fromMs, toMs }, push)
        return
      }
      if (ahead === null) {
        const all = new ReadAhead(picked.places.length)
        const whole = { fromMs, toMs: Math.max(toMs, span.toMs) }
        await readSpan(options, { arena: undefined, sums }, whole, chunk => all.add(chunk))
        ahead = all
      }
      ahead.upTo(toMs, push)
    },
  }
}

async function readSpan(
  { ask, picked, statement, values = block => floatsOf(block, 4) }: FloatReaderOptions,
  { arena, sums }: { readonly arena: Arena | undefined; readonly sums: Float64Array | null },
  { fromMs, toMs }: SampleSpan,
  push: (chunk: SampleChunk) => void,
): Promise<void> {
  // The chunks of the call before are no longer needed.
  arena?.reset()
  const { known, places } = picked
  const idOf = new Int32Array(known.all.length).fill(-1)
  for (const [id, place] of places.entries()) idOf[place] = id
  const named = places.length === known.all.length ? null : places.map(place => known.all[place]!)
  const runs = new FloatRuns(places.length, sums, push)
  for (let from = fromMs; from < toMs; from += LONGEST_SPAN_MS) {
    const part = { fromMs: from, toMs: Math.min(toMs, from + LONGEST_SPAN_MS) }
    for await (const block of ask(statement(named, part), arena)) {
      const found = runsOf(block, { known, idOf, startMs: spanStart(part), arena })
      runs.add({ ...found, values: values(block) })
    }
  }
}
