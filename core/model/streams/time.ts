import type { Column, StreamDeclaration } from './stream.ts'

/** The column with the event time of a row: retention counts from it. Streams without a table have none. */
export function timeColumnOf({ columns, table }: StreamDeclaration): Column | undefined {
  if (table === undefined) return undefined
  const [name] = /\w+(?=\)?$)/.exec(table.ttlFrom) ?? []
  return columns.find(column => column.name === name)
}

/** Unix milliseconds of a time column's value. */
export const timeMs = (column: Column, value: bigint | number): number =>
  column.kind === 'timestampNs' ? Number(value) / 1e6 : Number(value) * 1000
