/** Where in a block which series begins. */
import type { Arena } from '../native/arena.ts'
import { dictionaryOf, type NativeBlock, numbersOf, textAt } from '../native/columns.ts'
import type { MetricSeries } from './series-index.ts'

/** Runs of rows of one series each, and the time of each row. */
export interface BlockRuns {
  /** By run: the series, as `idOf` numbers them; -1 for one that is not wanted. */
  readonly ids: Int32Array
  readonly starts: Int32Array
  /** Milliseconds since the epoch. */
  readonly times: Float64Array
}

/** How rows are told apart. */
interface RunOptions {
  readonly known: MetricSeries
  /** Number of a series by its place in `known`. */
  readonly idOf: Int32Array
  readonly startMs: number
  /** Where times lie. */
  readonly arena?: Arena | undefined
}

/** Finds runs by the ids of the three dictionaries, so that texts are looked at once a run. */
export function runsOf(block: NativeBlock, { known, idOf, startMs, arena }: RunOptions): BlockRuns {
  const [services, labels, resources] = [0, 1, 2].map(column => dictionaryOf(block, column)) as [
    ReturnType<typeof dictionaryOf>,
    ReturnType<typeof dictionaryOf>,
    ReturnType<typeof dictionaryOf>,
  ]
  const { ids: s } = services
  const { ids: l } = labels
  const { ids: r } = resources
  const ids = new Int32Array(block.rows)
  const starts = new Int32Array(block.rows + 1)
  let runs = 0
  for (let row = 0; row < block.rows; row += 1) {
    if (row > 0 && l[row] === l[row - 1] && r[row] === r[row - 1] && s[row] === s[row - 1]) continue
    const place = known.place(services.values[s[row]!]!, labels.values[l[row]!]!, resources.values[r[row]!]!)
    // A series that has come since the others were listed is shown by the next query.
    ids[runs] = place < 0 || place >= idOf.length ? -1 : idOf[place]!
    starts[runs] = row
    runs += 1
  }
  starts[runs] = block.rows
  const offsets = numbersOf(block, 3)
  const place = arena?.take(8 * block.rows)
  const times = place
    ? new Float64Array(place.buffer, place.offset, block.rows)
    : new Float64Array(block.rows)
  for (let row = 0; row < block.rows; row += 1) times[row] = startMs + offsets[row]!
  return { ids: ids.subarray(0, runs), starts: starts.subarray(0, runs + 1), times }
}

/** The place of the series of each row; -1 for one that is not known. */
export const placesOf = (block: NativeBlock, known: MetricSeries): Int32Array =>
  Int32Array.from({ length: block.rows }, (_, row) =>
    known.place(textAt(block, 0, row), textAt(block, 1, row), textAt(block, 2, row)),
  )
