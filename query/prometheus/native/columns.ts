/** Columns of ClickHouse's format Native, as typed arrays. */

/** Values of one block. Which kind it is follows from the type in the statement. */
export type NativeColumn =
  | { readonly kind: 'numbers'; readonly values: Float64Array | Uint32Array | Int32Array | Uint8Array }
  | { readonly kind: 'texts'; readonly values: readonly string[] }
  /** Values that repeat: each once, and its position by row. */
  | {
      readonly kind: 'dictionary'
      readonly values: readonly string[]
      readonly ids: Uint8Array | Uint16Array | Uint32Array
    }
  /** Lists: where each ends, and all their values one after another. */
  | { readonly kind: 'lists'; readonly ends: BigUint64Array; readonly values: NativeColumn }

/** Some rows of an answer. */
export interface NativeBlock {
  readonly rows: number
  readonly columns: readonly NativeColumn[]
}

/** @throws if the column is of another kind: the statement and its reader do not match */
export function numbersOf(
  block: NativeBlock,
  column: number,
): Float64Array | Uint32Array | Int32Array | Uint8Array {
  const found = block.columns[column]
  if (found?.kind !== 'numbers') throw unexpected(column, 'numbers', found)
  return found.values
}

/** @throws if the column is of another kind */
export function floatsOf(block: NativeBlock, column: number): Float64Array {
  const found = block.columns[column]
  if (found?.kind !== 'numbers' || !(found.values instanceof Float64Array))
    throw unexpected(column, 'floats', found)
  return found.values
}

/** @throws if the column is of another kind */
export function dictionaryOf(
  block: NativeBlock,
  column: number,
): Extract<NativeColumn, { kind: 'dictionary' }> {
  const found = block.columns[column]
  if (found?.kind !== 'dictionary') throw unexpected(column, 'a dictionary', found)
  return found
}

/** Lists of floats: where each ends, and all their values. @throws if the column is of another kind */
export function listsOf(
  block: NativeBlock,
  column: number,
): { readonly ends: BigUint64Array; readonly values: Float64Array } {
  const found = block.columns[column]
  if (found?.kind !== 'lists') throw unexpected(column, 'lists', found)
  const { ends, values } = found
  if (values.kind !== 'numbers' || !(values.values instanceof Float64Array))
    throw unexpected(column, 'lists of floats', values)
  return { ends, values: values.values }
}

/** One text by row, of a dictionary or not. */
export function textAt(block: NativeBlock, column: number, row: number): string {
  const found = block.columns[column]
  if (found?.kind === 'dictionary') return found.values[found.ids[row]!]!
  if (found?.kind === 'texts') return found.values[row]!
  throw unexpected(column, 'texts', found)
}

const unexpected = (column: number, wanted: string, found: NativeColumn | undefined): Error =>
  new Error(`column ${column} of the answer is ${found?.kind ?? 'missing'}, not ${wanted}`)
