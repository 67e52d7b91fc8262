import { repeatedBytes } from '../../otlp/amplification.ts'
import type { DecodeContext } from '../../otlp/decode/decode-context.ts'
import type { MetricBuilders } from '../../otlp/decode/metric-rows.ts'
import { decodeMetrics } from '../../otlp/decode/metrics.ts'
import type { PointSink } from '../../otlp/decode/point-sink.ts'
import { allOrNothing } from '../../otlp/decode/request.ts'
import type { IngestResult } from '../../otlp/signals.ts'
import type { MetadataRefs } from './dialect.ts'
import type { WriteTally } from './problems.ts'
import { SampleList } from './sample-list.ts'
import { type MetadataSource, SeriesColumns } from './series-columns.ts'
import { SeriesKey, UNUSUAL } from './series-key.ts'
import type { SeriesMemory } from './series-memory.ts'
import type { SymbolTable } from './symbols.ts'
import { eachSeries, type OpenedRequest, openRequest, type TranslateOptions } from './translate.ts'

/** A larger body is translated in steps, between which other work gets its turn. */
export const DIRECT_BYTES = 1024 * 1024
/** Default of `maxTextBytes`. */
const MOST_TEXT_BYTES = 16 * 1024 * 1024
/** Of OTLP, in one step. */
const LARGE_BODY_BYTES = 4 * 1024 * 1024
const METADATA_TAG = 0x2a
const NOTHING: MetadataRefs = { type: 0, help: 0, unit: 0 }

/** What reading one request needs. */
export interface DirectOptions extends TranslateOptions {
  readonly memory: SeriesMemory
  /** Most bytes of text that rows may repeat; a request with more is translated in steps. */
  readonly maxTextBytes?: number
}

/** The request in the builders. */
export interface DirectResult extends IngestResult {
  readonly tally: WriteTally
  /** Bytes that its rows may take in the engine. */
  readonly engineBytes: number
}

/**
 * Reads a remote write request into the builders: usual series straight into columns, and what OTLP's decoder does better
 * (histograms, exemplars, readings, odd encodings, and whatever must be refused) by way of OTLP, in the same request. Null: it
 * is too large for one step. Throws `body_undecodable`; then, as with null, the builders are unchanged.
 */
export function decodeDirect(
  body: Uint8Array,
  options: DirectOptions,
  context: DecodeContext,
  builders: MetricBuilders,
  sink: PointSink,
): DirectResult | null {
  if (body.length > DIRECT_BYTES) return null
  const all = [builders.points, builders.histograms, builders.expHistograms, builders.summaries]
  const marks = all.map(builder => builder.mark())
  return allOrNothing(all, () => {
    const result = new DirectRead(body, options, builders, sink).run(context)
    if (result === null) for (const [index, builder] of all.entries()) builder.rollback(marks[index]!)
    return result
  })
}

/** All steps at once. */
function atOnce<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Reading one request. */
class DirectRead {
  readonly #options: DirectOptions
  readonly #builders: MetricBuilders
  readonly #sink: PointSink
  readonly #request: OpenedRequest
  readonly #key = new SeriesKey()
  readonly #samples: SampleList
  readonly #columns: SeriesColumns
  readonly #maxTextBytes: number
  readonly #metadata: MetadataRefs = { type: 0, help: 0, unit: 0 }

  constructor(body: Uint8Array, options: DirectOptions, builders: MetricBuilders, sink: PointSink) {
    const { limits, memory, families, tenant } = options
    this.#options = options
    this.#maxTextBytes = Math.min(options.maxTextBytes ?? MOST_TEXT_BYTES, MOST_TEXT_BYTES)
    this.#builders = builders
    this.#sink = sink
    this.#request = atOnce(openRequest(body, options))
    this.#samples = new SampleList(limits)
    memory.begin(limits, families)
    this.#columns = new SeriesColumns({
      reader: this.#request.reader,
      builder: builders.points,
      key: this.#key,
      samples: this.#samples,
      memory,
      limits,
      tenant,
      sink,
      metadataOf: metadataSource(this.#request, tenant),
    })
  }

  run(context: DecodeContext): DirectResult | null {
    const { series, out, tally } = this.#request
    const columns = this.#columns
    atOnce(
      eachSeries(this.#request, this.#options, stop => {
        if (columns.textBytes <= this.#maxTextBytes && !this.#read(stop)) series.read(stop)
      }),
    )
    if (columns.textBytes > this.#maxTextBytes) return null
    columns.leave()
    tally.samples += columns.rows
    return this.#rest(out.finish(), context)
  }

  /** Adds what is OTLP by now. */
  #rest(otlp: Uint8Array, context: DecodeContext): DirectResult | null {
    const { tally } = this.#request
    const { rows, textBytes } = this.#columns
    if (otlp.length === 0) {
      return {
        accepted: rows,
        rejected: 0,
        reasons: new Map(),
        cutAttributes: 0,
        tally,
        engineBytes: textBytes,
      }
    }
    if (otlp.length > LARGE_BODY_BYTES) return null
    const engineBytes = textBytes + otlp.length + repeatedBytes('metrics', otlp, context.limits)
    if (engineBytes > this.#maxTextBytes) return null
    const result = decodeMetrics(otlp, context, this.#builders, this.#sink)
    return { ...result, accepted: result.accepted + rows, tally, engineBytes }
  }

  /** Adds the series from the reader's position to `stop`; false: it must be read otherwise. */
  #read(stop: number): boolean {
    const { reader, symbols } = this.#request
    const { bytes, view } = reader
    const from = reader.position
    const labelsEnd =
      symbols === null
        ? this.#key.scan1(bytes, view, from, stop)
        : this.#key.scan2(bytes, view, from, stop, symbols)
    if (labelsEnd === UNUSUAL || this.#key.nameTo === 0) return false
    const end = this.#samples.scan(bytes, view, labelsEnd, stop)
    if (end === UNUSUAL || this.#samples.count === 0) return false
    if (end === stop) return this.#columns.add(NOTHING)
    if (symbols === null || !this.#readMetadata(end, stop, symbols)) return false
    return this.#columns.add(this.#metadata)
  }

  /** The Metadata message that ends a series of 2.0, if it has small references only and nothing comes after it. */
  #readMetadata(from: number, stop: number, symbols: SymbolTable): boolean {
    const { bytes } = this.#request.reader
    const metadata = this.#metadata
    metadata.type = metadata.help = metadata.unit = 0
    if (bytes[from] !== METADATA_TAG || from + 2 + bytes[from + 1]! !== stop) return false
    let at = from + 2
    for (const [tag, name] of METADATA_FIELDS) {
      if (at >= stop || bytes[at] !== tag) continue
      let value = bytes[at + 1]!
      at += 2
      if (value >= 0x80) {
        const second = bytes[at]!
        if (!(second < 0x80)) return false
        value += (second - 1) * 0x80
        at += 1
      }
      metadata[name] = value
    }
    return at === stop && metadata.help < symbols.count && metadata.unit < symbols.count
  }
}

const METADATA_FIELDS = [
  [0x08, 'type'],
  [0x18, 'help'],
  [0x20, 'unit'],
] as const

/** 1.0: metadata follow from tenant and name. 2.0: they are those of the series itself. */
function metadataSource({ reader, symbols, metadataOf }: OpenedRequest, tenant: string): MetadataSource {
  const { view } = reader
  const bytes = Uint8Array.from(Buffer.from(tenant))
  const tenantView = new DataView(bytes.buffer)
  return {
    addTo(key, { type, help, unit }) {
      if (symbols === null) {
        key.number(1)
        key.part(tenantView, 0, bytes.length)
        return
      }
      key.number(2)
      key.number(type)
      for (const ref of [help, unit]) {
        // Symbol 0 is empty.
        if (ref === 0) key.part(view, 0, 0)
        else key.part(view, symbols.from(ref), symbols.to(ref))
      }
    },
    of: metadataOf,
  }
}
