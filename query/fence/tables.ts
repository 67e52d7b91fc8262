import type { QueryParam } from '../../core/warehouse/warehouse.ts'

/** Full name of a table of ours; the name of the database is part of the product's interface. */
export const tableName = <const Name extends string>(name: Name): `wattline.${Name}` => `wattline.${name}`

/** An internal statement: its SQL, and the values bound to its `{name:Type}` placeholders. */
export interface ParameterizedSql {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
}
