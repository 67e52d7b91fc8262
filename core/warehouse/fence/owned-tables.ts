import { STREAMS } from '../../model/streams/index.ts'
import { tablesOf } from '../../model/streams/stream.ts'
import { EXPORTED_VIEWS, SLOTS, slotName } from '../exported/tables.ts'
import { ROLLUP_VIEWS, TRACE_INDEX, TRACE_INDEX_COLUMNS, TRACE_INDEX_VIEW } from '../tables/ddl-derived.ts'
import { METRIC_VIEWS } from '../tables/ddl-metrics.ts'
import { CATALOGUE_VIEWS } from './ddl-catalogue.ts'

/** A table or view, with what determines the owner of its rows. */
export interface OwnedTable {
  readonly name: string
  /** The rows of a view pass through the policies of the tables below it. */
  readonly isView: boolean
  readonly hasTenant: boolean
  readonly hasAccount: boolean
}

const table = (name: string, columns: readonly string[]): OwnedTable => ({
  name,
  isView: false,
  hasTenant: columns.includes('Tenant'),
  hasAccount: columns.includes('Account'),
})

const view = (name: string): OwnedTable => ({ name, isView: true, hasTenant: false, hasAccount: false })

const STREAM_TABLES: readonly OwnedTable[] = STREAMS.flatMap(tablesOf).flatMap(stream =>
  stream.table === undefined
    ? []
    : [
        table(
          stream.table.name,
          stream.columns.map(column => column.name),
        ),
      ],
)

const TRACE_TABLES: readonly OwnedTable[] = [TRACE_INDEX, TRACE_INDEX_VIEW].map(name =>
  table(
    name,
    TRACE_INDEX_COLUMNS.map(([column]) => column),
  ),
)

/** Their names were tables: a policy on rows holds before and after they become views, and so at every moment between. */
const METRIC_TABLES: readonly OwnedTable[] = METRIC_VIEWS.map(({ name, before }) =>
  table(
    name,
    before.columns.map(column => column.name),
  ),
)

const VIEWS: ReadonlySet<string> = new Set([
  ...ROLLUP_VIEWS.map(({ name }) => name),
  ...CATALOGUE_VIEWS.flatMap(({ name, limitedName }) => [name, limitedName]),
])

/** Views of exported files, where there are any. */
export const EXPORTED_VIEW_TABLES: readonly OwnedTable[] = EXPORTED_VIEWS.map(view)

/** Tables over exported files, in their own database: their rows have the owners of the rows that they were. */
export const EXPORTED_TABLES: readonly OwnedTable[] = STREAM_TABLES.filter(
  ({ hasTenant }) => hasTenant,
).flatMap(one => SLOTS.map(slot => ({ ...one, name: slotName(one.name, slot) })))

/** Everything that the migrations create, whether it exists already or not. */
export const OWNED_TABLES: readonly OwnedTable[] = [
  ...STREAM_TABLES,
  ...TRACE_TABLES,
  ...METRIC_TABLES,
  ...[...VIEWS].map(view),
]
