import type { DictionaryView } from '../../core/columns/column-views.ts'
import type { RecordBuilder } from '../../core/columns/record-builder.ts'
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { energy, ledger } from '../../core/model/streams/index.ts'

/** What `rate` reads. */
export type EnergyRecord = RecordView<typeof energy>
/** What it writes to. */
export type LedgerBuilder = RecordBuilder<typeof ledger>

/** The rows of the host and window of each row, itself among them. All rows of a host and window are in one record. */
export function rowsByHost({
  columns: { Tenant, Host, WindowStart },
  rows,
}: EnergyRecord): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<string, number[]>()
  const byRow = new Map<number, readonly number[]>()
  for (let row = 0; row < rows; row += 1) {
    const key = `${WindowStart.get(row)}/${Tenant.ids[row]}/${Host.ids[row]}`
    const group = groups.get(key) ?? []
    group.push(row)
    groups.set(key, group)
    byRow.set(row, group)
  }
  return byRow
}

/** Whether a row has a text, judged by its number in the dictionary. */
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
