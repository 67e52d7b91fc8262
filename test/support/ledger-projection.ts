import { ledger } from '../../core/model/streams/index.ts'

/** The full name of a projection of the ledger: it ends with a digest of its sums. */
export function ledgerProjection(name: string): string {
  const text = ledger.table.projections.find(projection => projection.startsWith(`${name}_`))
  if (text === undefined) throw new TypeError(`the ledger has no projection ${name}`)
  return text.slice(0, text.indexOf(' '))
}
