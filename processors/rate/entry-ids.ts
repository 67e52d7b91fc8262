import type { DictionaryView } from '../../core/columns/column-views.ts'
import { digest } from '../../core/model/digest.ts'
import { ENTRY_ID_DIGITS } from '../../core/model/entry-id.ts'
import type { EnergyRecord } from './energy-record.ts'

/** `entryId` of the rows of a record, as originals of revision 0: texts that repeat are written once. */
export function entryIds({ columns }: EnergyRecord, history: string): (row: number) => string {
  const texts = [columns.WorkloadKind, columns.WorkloadId, columns.Component, columns.Share].map(quoted)
  const [tenant, host] = [quoted(columns.Tenant), quoted(columns.Host)]
  const end = `"original",0${history === '' ? '' : `,${JSON.stringify(history)}`}]`
  return row => {
    let text = `[${tenant(row)}${host(row)}${columns.WindowStart.get(row)},`
    for (const of of texts) text += of(row)
    return digest(text + end, ENTRY_ID_DIGITS)
  }
}

/** A value as JSON with a comma, made once for each that the column has. */
function quoted({ ids, dictionary }: DictionaryView): (row: number) => string {
  const known: string[] = []
  return row => {
    const id = ids[row]!
    known[id] ??= `${JSON.stringify(dictionary.get(id))},`
    return known[id]
  }
}
