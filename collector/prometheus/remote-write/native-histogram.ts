import { knownFields, type ProtobufReader } from '../../../core/protobuf/reader.ts'
import { isStaleMarker, signedMs } from './values.ts'

const FIELDS = knownFields(...Array.from({ length: 17 }, (_, at) => at + 1))
const SPAN_FIELDS = knownFields(1, 2)
const RESET_HINT_GAUGE = 3
/** Schema of histograms with explicit bounds: "custom buckets". */
export const CUSTOM_BUCKETS = -53

/** Buckets per side, gaps included: 64 powers of two at the finest schema. */
export const MAX_BUCKETS = 16_384

/** One side of a native histogram: runs of buckets, and a number for each bucket in them. */
export interface Side {
  /** Offset and length of each run, alternating; an offset counts from the end of the previous run. */
  readonly spans: number[]
  /** For integer histograms: the difference from the previous bucket. */
  readonly deltas: number[]
  /** For float histograms. */
  readonly counts: number[]
}

const createSide = (): Side => ({ spans: [], deltas: [], counts: [] })

/** prometheus.Histogram, the same in both versions of remote write; reused for each histogram. */
export class NativeHistogram {
  isFloat = false
  count = 0
  sum = 0
  /** `sum` is the NaN that marks the end of a series. */
  stale = false
  schema = 0
  zeroThreshold = 0
  zeroCount = 0
  /** The histogram may decrease as well as increase. */
  isGauge = false
  /** Hint about resets, as it is numbered there; unknown numbers are 0. */
  resetHint = 0
  timeMs = 0
  startMs = 0
  readonly positive = createSide()
  readonly negative = createSide()
  readonly customValues: number[] = []
  /** More buckets than `MAX_BUCKETS`, or numbers beyond 2^53: only a part was read. */
  isBeyondBounds = false

  read(reader: ProtobufReader, end: number): void {
    const outer = reader.message
    this.#clear()
    reader.message = 'Histogram'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (!this.#readScalar(reader, tag, end) && !this.#readList(reader, tag, end)) {
        reader.skip(tag, end, FIELDS)
      }
    }
    reader.message = outer
  }

  #clear(): void {
    this.isFloat = this.stale = this.isGauge = this.isBeyondBounds = false
    this.resetHint = 0
    this.count = this.sum = this.schema = this.zeroThreshold = this.zeroCount = this.timeMs = this.startMs = 0
    for (const { spans, deltas, counts } of [this.positive, this.negative]) {
      spans.length = deltas.length = counts.length = 0
    }
    this.customValues.length = 0
  }

  #readScalar(reader: ProtobufReader, tag: number, end: number): boolean {
    switch (tag) {
      case 0x08:
        this.isFloat = false
        this.count = this.#unsigned(reader, end)
        return true
      case 0x11:
        this.isFloat = true
        this.count = reader.double(end)
        return true
      case 0x19:
        this.sum = reader.double(end)
        reader.position -= 8
        reader.fixed64(end)
        this.stale = isStaleMarker(reader.low, reader.high)
        return true
      case 0x20:
        this.schema = reader.sint32(end)
        return true
      case 0x29:
        this.zeroThreshold = reader.double(end)
        return true
      case 0x30:
        this.zeroCount = this.#unsigned(reader, end)
        return true
      case 0x39:
        this.zeroCount = reader.double(end)
        return true
      case 0x70:
        this.resetHint = reader.uint32(end)
        if (this.resetHint > RESET_HINT_GAUGE) this.resetHint = 0
        this.isGauge = this.resetHint === RESET_HINT_GAUGE
        return true
      case 0x78:
        this.timeMs = signedMs(reader, end)
        return true
      case 0x88:
        this.startMs = signedMs(reader, end)
        return true
      default:
        return false
    }
  }

  /** Numbers may be packed or single, depending on the sender's encoder. */
  #readList(reader: ProtobufReader, tag: number, end: number): boolean {
    switch (tag) {
      case 0x42:
        this.#span(reader, end, this.negative.spans)
        return true
      case 0x5a:
        this.#span(reader, end, this.positive.spans)
        return true
      case 0x48:
      case 0x4a:
        this.#deltas(reader, tag, end, this.negative.deltas)
        return true
      case 0x60:
      case 0x62:
        this.#deltas(reader, tag, end, this.positive.deltas)
        return true
      case 0x51:
      case 0x52:
        this.#doubles(reader, tag, end, this.negative.counts)
        return true
      case 0x69:
      case 0x6a:
        this.#doubles(reader, tag, end, this.positive.counts)
        return true
      case 0x81:
      case 0x82:
        this.#doubles(reader, tag, end, this.customValues)
        return true
      default:
        return false
    }
  }

  #span(reader: ProtobufReader, end: number, spans: number[]): void {
    const stop = reader.length(end)
    let offset = 0
    let length = 0
    for (let tag = reader.tag(stop); tag !== 0; tag = reader.tag(stop)) {
      if (tag === 0x08) offset = reader.sint32(stop)
      else if (tag === 0x10) length = reader.uint32(stop)
      else reader.skip(tag, stop, SPAN_FIELDS)
    }
    this.#push(spans, offset)
    this.#push(spans, length)
  }

  #deltas(reader: ProtobufReader, tag: number, end: number, deltas: number[]): void {
    const stop = (tag & 7) === 2 ? reader.length(end) : undefined
    do {
      if (stop !== undefined && reader.position >= stop) return
      const zigzag = this.#unsigned(reader, stop ?? end)
      this.#push(deltas, zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2)
    } while (stop !== undefined)
  }

  #doubles(reader: ProtobufReader, tag: number, end: number, list: number[]): void {
    if ((tag & 7) !== 2) {
      this.#push(list, reader.double(end))
      return
    }
    for (const stop = reader.length(end); reader.position < stop; ) this.#push(list, reader.double(stop))
  }

  #push(list: number[], value: number): void {
    // Each span takes two elements.
    if (list.length >= 2 * MAX_BUCKETS) this.isBeyondBounds = true
    else list.push(value)
  }

  #unsigned(reader: ProtobufReader, end: number): number {
    reader.varint(end)
    const value = reader.unsigned()
    if (value > Number.MAX_SAFE_INTEGER) this.isBeyondBounds = true
    return value
  }
}
