import { decodeUtf8 } from '../../../core/columns/utf8.ts'
import { knownFields, ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { ProtobufWriter } from '../../../core/protobuf/writer.ts'
import { MetricsWriter } from '../metrics-writer.ts'
import { Dialect2, dialect1, type MetadataRefs } from './dialect.ts'
import { type FamilyMemory, type FamilyMetadata, metricType } from './families.ts'
import { WriteTally } from './problems.ts'
import { type SeriesLimits, TimeSeriesReader } from './series.ts'
import { SymbolTable } from './symbols.ts'

/** Versions of remote write, which have different messages. */
export type WriteVersion = 1 | 2

/** What translating one request needs. */
export interface TranslateOptions {
  readonly version: WriteVersion
  readonly limits: SeriesLimits
  readonly tenant: string
  readonly families: FamilyMemory
  /** Receives the OTLP request. */
  readonly writer: ProtobufWriter
  /** Called before allocating memory beyond the size of the body. */
  readonly reserve: (bytes: number) => void
}

/** The request as OTLP, and the parts that could not be stored. */
export interface Translated {
  /** ExportMetricsServiceRequest; valid as long as the writer's bytes are. */
  readonly otlp: Uint8Array
  readonly tally: WriteTally
}

/** Fields of the two requests. */
const SERIES_1 = 1
const METADATA_1 = 3
const SYMBOLS_2 = 4
const SERIES_2 = 5
const METADATA_FIELDS = knownFields(1, 2, 4, 5)
/** Tags of a value of a field that has a length. */
const lengthTag = (field: number): number => field * 8 + 2
/** What only the message of the other version has: it would be skipped as unknown, and lost. */
const TAGS_OF_2: readonly number[] = [lengthTag(SYMBOLS_2), lengthTag(SERIES_2)]
const TAGS_OF_1: readonly number[] = [lengthTag(SERIES_1), lengthTag(METADATA_1)]
const UNKNOWN: FamilyMetadata = { type: 'unknown', help: '', unit: '' }

/** Bytes read and written between two pauses: about 20 ms. */
const STEP_BYTES = 1024 * 1024

/** A request whose symbols or families are known, so that its series can be read. */
export interface OpenedRequest {
  readonly version: WriteVersion
  readonly reader: ProtobufReader
  /** Null in 1.0. */
  readonly symbols: SymbolTable | null
  readonly out: MetricsWriter
  readonly tally: WriteTally
  /** Writes series of any form to `out`. */
  readonly series: TimeSeriesReader
  /** Metadata of a metric: as announced in 1.0, or from the references of its series in 2.0. */
  readonly metadataOf: (metric: string, refs: MetadataRefs) => FamilyMetadata
}

/** Reads what must be known before the first series, in steps. */
export function* openRequest(body: Uint8Array, options: TranslateOptions): Generator<void, OpenedRequest> {
  const { version, families, tenant, limits } = options
  const reader = new ProtobufReader(body, 'a remote write request')
  const out = new MetricsWriter(options.writer)
  const tally = new WriteTally()
  const parts = { reader, out, tally, limits }
  if (version === 1) {
    yield* learnFamilies(reader, options)
    const metadataOf = (metric: string): FamilyMetadata => families.find(tenant, metric) ?? UNKNOWN
    const series = new TimeSeriesReader({ ...parts, dialect: dialect1, familyOf: metadataOf })
    return { version, symbols: null, series, metadataOf, ...parts }
  }
  const symbols = yield* readSymbols(reader, options.reserve)
  const text = (ref: number): string => (ref === 0 ? '' : symbols.text(ref))
  const metadataOf = (_: string, { type, help, unit }: MetadataRefs): FamilyMetadata => ({
    type: metricType(type),
    help: text(help),
    unit: text(unit),
  })
  const series = new TimeSeriesReader({
    ...parts,
    dialect: new Dialect2(symbols),
    familyOf: metric => metadataOf(metric, series.metadata),
  })
  return { version, symbols, series, metadataOf, ...parts }
}

/** Calls `read` with the end of every series, at which the reader's position is its start; in steps. */
export function* eachSeries(
  { version, reader }: OpenedRequest,
  { writer }: TranslateOptions,
  read: (stop: number) => void,
): Generator<void> {
  yield* scanInSteps(reader, version === 1 ? SERIES_1 : SERIES_2, writer, read)
}

/**
 * Translates a remote write request into an OTLP metrics request, in steps between which other work gets its turn: the
 * largest requests take two seconds. Parts that cannot be stored are left out and counted; a body that is not such a
 * message throws `body_undecodable`.
 */
export function* translation(body: Uint8Array, options: TranslateOptions): Generator<void, Translated> {
  const request = yield* openRequest(body, options)
  yield* eachSeries(request, options, stop => request.series.read(stop))
  return { otlp: request.out.finish(), tally: request.tally }
}

/**
 * Reads every value of one field of the request, with pauses. Other fields are read in separate passes, since families
 * and symbols must be known before the first series, wherever they are in the body. `refuse` gets the tags of other fields.
 */
function* scanInSteps(
  reader: ProtobufReader,
  field: number,
  written: { readonly length: number },
  read: (stop: number) => void,
  refuse: (tag: number) => void = () => undefined,
): Generator<void> {
  const end = reader.bytes.length
  const wanted = lengthTag(field)
  let pausedAt = 0
  reader.position = 0
  reader.message = 'the request'
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag !== wanted) {
      refuse(tag)
      reader.skip(tag, end, knownFields(field))
    } else {
      const stop = reader.length(end)
      read(stop)
      reader.position = stop
      reader.message = 'the request'
    }
    // Series of 2.0 are small but refer to large symbols.
    const done = reader.position + written.length
    if (done - pausedAt < STEP_BYTES) continue
    pausedAt = done
    yield
  }
}

const NOTHING_WRITTEN = { length: 0 }

/** Reads MetricMetadata of 1.0, which Prometheus sends in requests without series. */
function* learnFamilies(reader: ProtobufReader, { families, tenant }: TranslateOptions): Generator<void> {
  const learn = (end: number): void => {
    const texts = { name: '', help: '', unit: '' }
    const text = (): string => {
      const stop = reader.length(end)
      const value = decodeUtf8(reader.bytes, reader.position, stop)
      reader.position = stop
      return value
    }
    let type = 0
    reader.message = 'MetricMetadata'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x08) type = reader.uint32(end)
      else if (tag === 0x12) texts.name = text()
      else if (tag === 0x22) texts.help = text()
      else if (tag === 0x2a) texts.unit = text()
      else reader.skip(tag, end, METADATA_FIELDS)
    }
    const { name, help, unit } = texts
    if (name !== '') families.learn(tenant, name, { type: metricType(type), help, unit })
  }
  yield* scanInSteps(reader, METADATA_1, NOTHING_WRITTEN, learn, tag => {
    if (TAGS_OF_2.includes(tag)) {
      throw reader.failure('it is a message of 2.0, and its Content-Type does not say so')
    }
  })
}

function* readSymbols(
  reader: ProtobufReader,
  reserve: (bytes: number) => void,
): Generator<void, SymbolTable> {
  const symbols = new SymbolTable(reader.bytes, reserve)
  const add = (stop: number): void => {
    if (symbols.count === 0 && reader.position !== stop) throw reader.failure('the first symbol is not empty')
    symbols.add(reader.position, stop)
  }
  yield* scanInSteps(reader, SYMBOLS_2, NOTHING_WRITTEN, add, tag => {
    if (TAGS_OF_1.includes(tag)) {
      throw reader.failure('it is a message of 1.0, and its Content-Type says 2.0')
    }
  })
  return symbols
}
