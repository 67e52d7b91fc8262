import type { DictionaryColumn } from '../../core/columns/dictionary-column.ts'
import type { RecordBuilder } from '../../core/columns/record-builder.ts'
import type { readings } from '../../core/model/streams/index.ts'
import { epochOf, type ReadingSeries, TEXTS } from './identity/identity.ts'
import { PARTS } from './recognised-points.ts'

/** Writes readings that were recognised among metrics into the columns of a record, without an object for each. */
export class ReadingRows {
  readonly #builder: RecordBuilder<typeof readings>
  /** By text: its id in the last row, as a hint. */
  readonly #guesses = new Int32Array(TEXTS.attributes)
  // The current text.
  #start = 0
  #end = 0

  constructor(builder: RecordBuilder<typeof readings>) {
    this.#builder = builder
  }

  /** Adds the reading of a series; its time, start and value are in `parts`, starting at `index`. */
  append(series: ReadingSeries, parts: Int32Array, index: number): void {
    const { columns } = this.#builder
    const at = index * PARTS
    this.#start = series.at + series.count * 4
    columns.Tenant.append(series.tenant)
    this.#text(columns.Host, series, TEXTS.host)
    this.#text(columns.HostName, series, TEXTS.hostName)
    columns.BootId.append(epochOf(series, parts[at + 2]!, parts[at + 3]!))
    columns.Timestamp.appendParts(parts[at]!, parts[at + 1]!)
    columns.Quantity.append(series.mapping.quantity)
    this.#text(columns.Domain, series, TEXTS.domain)
    this.#text(columns.Device, series, TEXTS.device)
    columns.WorkloadKind.append(series.workloadKind)
    this.#text(columns.WorkloadId, series, TEXTS.workloadId)
    columns.Value.appendParts(parts[at + 4]!, parts[at + 5]!)
    columns.RangeMax.appendParts(0, 0)
    columns.Source.append(series.source)
    columns.Quality.append(series.quality)
    this.#attributes(series)
    this.#builder.endRow()
  }

  #text(column: DictionaryColumn, series: ReadingSeries, text: number): void {
    this.#next(series, text)
    const { bytes } = series.chunk
    const id = column.values.internBytes(bytes, this.#start, this.#end, this.#guesses[text])
    this.#guesses[text] = id
    column.appendId(id)
    this.#start = this.#end
  }

  #attributes(series: ReadingSeries): void {
    const { Attributes } = this.#builder.columns
    const { bytes } = series.chunk
    for (let text: number = TEXTS.attributes; text < series.count; text += 2) {
      const entry = (text - TEXTS.attributes) >> 1
      this.#next(series, text)
      const keyId = Attributes.keyId(entry, bytes, this.#start, this.#end)
      this.#start = this.#end
      this.#next(series, text + 1)
      Attributes.put(keyId, Attributes.valueId(entry, bytes, this.#start, this.#end))
      this.#start = this.#end
    }
    Attributes.endRow()
  }

  #next(series: ReadingSeries, text: number): void {
    this.#end = this.#start + series.chunk.view.getInt32(series.at + text * 4, true)
  }
}
