/** An instant vector at every time of a grid: rows are series, columns are steps. */
import { type FloatHistogram, sampleSize } from '../histogram/float-histogram.ts'
import type { Labels } from '../model/labels.ts'

/** What a cell holds. */
export const NO_SAMPLE = 0
export const FLOAT = 1
export const HISTOGRAM = 2

export interface Block {
  /**
   * The label set of each row. The array is the same object for every slice of a query where the rows are, so that what follows from
   * labels is worked out once.
   */
  readonly labels: readonly Labels[]
  readonly steps: number
  /** By cell, `row * steps + step`. */
  readonly kinds: Uint8Array
  readonly values: Float64Array
  /** By cell; undefined where no cell holds a histogram. */
  histograms: (FloatHistogram | undefined)[] | undefined
  /** Rows whose name goes at the end of the query, where names are not dropped at once. */
  readonly dropsName: readonly boolean[] | undefined
}

/** A block without samples. */
export function emptyBlock(labels: readonly Labels[], steps: number, dropsName?: readonly boolean[]): Block {
  const cells = labels.length * steps
  return {
    labels,
    steps,
    kinds: new Uint8Array(cells),
    values: new Float64Array(cells),
    histograms: undefined,
    dropsName,
  }
}

export function setHistogram(block: Block, cell: number, histogram: FloatHistogram): void {
  block.histograms ??= []
  block.histograms[cell] = histogram
  block.kinds[cell] = HISTOGRAM
}

export function setFloat(block: Block, cell: number, value: number): void {
  block.kinds[cell] = FLOAT
  block.values[cell] = value
}

/** Copies a cell, whatever it holds. */
export function copyCell(from: Block, cell: number, to: Block, target: number): void {
  const kind = from.kinds[cell] ?? NO_SAMPLE
  if (kind === HISTOGRAM) {
    const histogram = from.histograms?.[cell]
    if (histogram !== undefined) setHistogram(to, target, histogram)
    return
  }
  to.kinds[target] = kind
  to.values[target] = from.values[cell] ?? 0
}

/** Samples that a block counts as. */
export function sizeOf({ kinds, histograms }: Block): number {
  if (histograms === undefined) return kinds.length
  let size = kinds.length
  for (const cell in histograms) {
    const histogram = histograms[Number(cell)]
    if (histogram !== undefined) size += sampleSize(histogram)
  }
  return size
}

/** The block with other labels for its rows. */
export const relabel = (block: Block, labels: readonly Labels[], dropsName = block.dropsName): Block => ({
  ...block,
  labels,
  dropsName,
})
