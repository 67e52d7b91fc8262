import type { QueryParam } from '../../core/warehouse/warehouse.ts'

/** Full name of a table of ours; the database's name is part of the product's interface. */
export const tableName = <const Name extends string>(name: Name): `wattline.${Name}` => `wattline.${name}`

/** A statement of our own: its text, and the values bound to its `{name:Type}` placeholders. */
export interface ParameterizedSql {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
}
