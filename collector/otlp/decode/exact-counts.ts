import type { BoolColumn } from '../../../core/columns/bool-column.ts'
import type { ListColumn } from '../../../core/columns/list-column.ts'
import type { NumberColumn } from '../../../core/columns/number-column.ts'
import { EXACT } from '../../../core/protobuf/otlp/exact-counts.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'

interface ExactColumns {
  readonly IsFloat: BoolColumn
  readonly FloatCount: NumberColumn
  readonly ResetHint: NumberColumn
}

/** What a histogram of Prometheus has and OTLP does not: counts that are not whole, and a hint about resets. */
export class ExactCounts {
  #isFloat = false
  #count = 0
  zeroCount = 0
  #resetHint = 0
  readonly #positive: ListColumn<NumberColumn>
  readonly #negative: ListColumn<NumberColumn> | null

  /** `negative`: null where there is one list of buckets. */
  constructor(positive: ListColumn<NumberColumn>, negative: ListColumn<NumberColumn> | null) {
    this.#positive = positive
    this.#negative = negative
  }

  begin(): void {
    this.#isFloat = false
    this.#count = this.zeroCount = this.#resetHint = 0
  }

  /** Reads the value of such a field; false: the field is another one. */
  read(reader: ProtobufReader, tag: number, end: number): boolean {
    switch (tag) {
      case EXACT.resetHint:
        this.#resetHint = reader.uint32(end) & 3
        return true
      case EXACT.count:
        this.#count = reader.double(end)
        this.#isFloat = true
        return true
      case EXACT.zeroCount:
        this.zeroCount = reader.double(end)
        return true
      case EXACT.positive:
        readDoubles(reader, end, this.#positive)
        return true
      case EXACT.negative:
        if (this.#negative === null) return false
        readDoubles(reader, end, this.#negative)
        return true
      default:
        return false
    }
  }

  /** Writes the columns of the point's row. */
  endRow({ IsFloat, FloatCount, ResetHint }: ExactColumns): void {
    IsFloat.append(this.#isFloat)
    FloatCount.append(this.#count)
    ResetHint.append(this.#resetHint)
    this.#positive.endRow()
    this.#negative?.endRow()
  }
}

function readDoubles(reader: ProtobufReader, end: number, list: ListColumn<NumberColumn>): void {
  for (const stop = reader.length(end); reader.position < stop; ) list.items.append(reader.double(stop))
}
