import type { DictionaryView } from '../../core/columns/column-views.ts'
import type { RecordBuilder } from '../../core/columns/record-builder.ts'
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { energy, ledger } from '../../core/model/streams/index.ts'

/** What `rate` reads. */
export type EnergyRecord = RecordView<typeof energy>
/** What it writes to. */
export type LedgerBuilder = RecordBuilder<typeof ledger>

/** Whether a row has a text, told by its number in the dictionary. */
export function isText({ ids, dictionary }: DictionaryView, text: string): (row: number) => boolean {
  let wanted = -1
  for (let id = 0; id < dictionary.length; id += 1) if (dictionary.get(id) === text) wanted = id
  return row => ids[row] === wanted
}

/** Whether any row of a record may have a text. */
export function hasText({ dictionary }: DictionaryView, text: string): boolean {
  for (let id = 0; id < dictionary.length; id += 1) if (dictionary.get(id) === text) return true
  return false
}
