import { STREAMS } from '../../model/streams/index.ts'
import { tablesOf } from '../../model/streams/stream.ts'

const NAMES: ReadonlyMap<string, string> = new Map(
  STREAMS.flatMap(tablesOf).flatMap(({ table }) =>
    table?.formerly === undefined ? [] : [[table.formerly, table.name] as const],
  ),
)

/**
 * The name that a table with rows has, or will have when the engine is open: files are compared with the declarations before
 * a migration renames the table.
 */
export function nameNow<Name extends string | null>(name: Name): Name | string {
  return name === null ? name : (NAMES.get(name) ?? name)
}
