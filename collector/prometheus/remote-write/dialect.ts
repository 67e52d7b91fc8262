import { knownFields, type ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { SeriesLabels } from './labels.ts'
import type { SeriesProblem } from './problems.ts'
import type { SymbolTable } from './symbols.ts'

/** Metadata of a 2.0 series: a type number, and references to symbols. All 0 in 1.0. */
export interface MetadataRefs {
  type: number
  help: number
  unit: number
}

/** Differences between the messages of remote write 1.0 and 2.0, which are otherwise read alike. */
export interface WriteDialect {
  readonly seriesFields: number
  readonly exemplarFields: number
  /** Fields of TimeSeries. */
  readonly histograms: number
  readonly exemplars: number
  /** Field of TimeSeries and of Exemplar with the labels: reads one of them, or a part of the list. */
  readLabels(reader: ProtobufReader, tag: number, end: number, labels: SeriesLabels): boolean
  /** Whether the metadata references of a series are valid. */
  knows(metadata: MetadataRefs): boolean
  /** The problem with the labels read since the last call; null when there is none. */
  labelProblem(): SeriesProblem | null
}

const PAIRS = 0x0a
const LABEL_FIELDS = knownFields(1, 2)

/** prometheus.WriteRequest: each label is a message with two strings. */
export const dialect1: WriteDialect = {
  seriesFields: knownFields(1, 2, 3, 4),
  exemplarFields: knownFields(1, 2, 3),
  histograms: 4,
  exemplars: 3,
  readLabels(reader, tag, end, labels) {
    if (tag !== PAIRS) return false
    const stop = reader.length(end)
    const outer = reader.message
    let nameFrom = 0
    let nameTo = 0
    let valueFrom = 0
    let valueTo = 0
    reader.message = 'Label'
    for (let inner = reader.tag(stop); inner !== 0; inner = reader.tag(stop)) {
      if (inner === 0x0a) {
        nameTo = reader.length(stop)
        nameFrom = reader.position
        reader.position = nameTo
      } else if (inner === 0x12) {
        valueTo = reader.length(stop)
        valueFrom = reader.position
        reader.position = valueTo
      } else reader.skip(inner, stop, LABEL_FIELDS)
    }
    labels.add(nameFrom, nameTo, valueFrom, valueTo)
    reader.message = outer
    return true
  },
  knows: () => true,
  labelProblem: () => null,
}

const NONE = -1

/** io.prometheus.write.v2.Request: labels are pairs of references into the request's symbol table. */
export class Dialect2 implements WriteDialect {
  readonly seriesFields = knownFields(1, 2, 3, 4, 5)
  readonly exemplarFields = knownFields(1, 2, 3)
  readonly histograms = 3
  readonly exemplars = 4
  readonly #symbols: SymbolTable
  #nameRef = NONE
  #unknown = false

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols
  }

  readLabels(reader: ProtobufReader, tag: number, end: number, labels: SeriesLabels): boolean {
    if (tag === 0x08) this.#reference(reader.uint32(end), labels)
    else if (tag === 0x0a) {
      for (const stop = reader.length(end); reader.position < stop; ) {
        this.#reference(reader.uint32(stop), labels)
      }
    } else return false
    return true
  }

  knows({ help, unit }: MetadataRefs): boolean {
    return Math.max(help, unit) < this.#symbols.count
  }

  labelProblem(): SeriesProblem | null {
    const isOdd = this.#nameRef !== NONE
    const isUnknown = this.#unknown
    this.#nameRef = NONE
    this.#unknown = false
    if (isUnknown) return 'symbol_unknown'
    return isOdd ? 'label_refs_odd' : null
  }

  #reference(ref: number, labels: SeriesLabels): void {
    const symbols = this.#symbols
    if (ref >= symbols.count) this.#unknown = true
    if (this.#nameRef === NONE) {
      this.#nameRef = ref
      return
    }
    const name = this.#nameRef
    this.#nameRef = NONE
    if (this.#unknown) return
    labels.add(symbols.from(name), symbols.to(name), symbols.from(ref), symbols.to(ref))
  }
}
