import { encodeRows } from '../../core/columns/rows.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import {
  type Column,
  type RowOf,
  type ScalarKind,
  type StreamDeclaration,
  tablesOf,
} from '../../core/model/streams/stream.ts'
import { PUBLIC_TABLES } from '../../core/warehouse/fence/policies.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/**
 * Rows of several owners in the same parts of every table. Visible rows have small numbers and texts of one digit;
 * hidden ones have large numbers and texts that start with a unique word. This allows an expression that fails, or
 * gives another result, as soon as it meets a hidden row.
 */
export const SECRET = 'SECRET'
export const MINE = 'mine'
export const THEIRS = 'theirs'

/** The reader, and the rows that exist beside the visible ones. */
export interface Asker {
  readonly name: string
  readonly accounts: readonly string[] | null
}

export const WHOLE: Asker = { name: 'all of a tenant', accounts: null }
/** The accounts of the visible rows; rows of the same tenant in other accounts are hidden too. */
export const LIMITED: Asker = {
  name: 'some accounts',
  accounts: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
}

export const ROWS = 40

/** The streams whose tables have an owner. */
export const OWNED_STREAMS: readonly StreamDeclaration[] = STREAMS.flatMap(tablesOf).filter(
  ({ table }) => table !== undefined && !PUBLIC_TABLES.has(table.name),
)

interface Owner {
  readonly tenant: string
  readonly isHidden: boolean
}

const VISIBLE: Owner = { tenant: MINE, isHidden: false }
const OTHER_TENANT: Owner = { tenant: THEIRS, isHidden: true }
const OTHER_ACCOUNT: Owner = { tenant: MINE, isHidden: true }

/**
 * Fills every table, or those named: with the visible rows only, or with all, one hidden row beside each visible one.
 */
export async function fill(
  warehouse: Warehouse,
  asker: Asker,
  isMixed: boolean,
  tables?: readonly string[],
): Promise<void> {
  const hidden = asker.accounts === null ? [OTHER_TENANT] : [OTHER_TENANT, OTHER_ACCOUNT]
  for (const [index, stream] of OWNED_STREAMS.entries()) {
    if (tables?.includes(stream.table?.name ?? '') === false) continue
    for (const part of [0, 1]) {
      const rows: RowOf<StreamDeclaration>[] = []
      for (let n = part * ROWS; n < (part + 1) * ROWS; n += 1) {
        rows.push(rowOf(stream, VISIBLE, n))
        if (isMixed) rows.push(...hidden.map(owner => rowOf(stream, owner, n)))
      }
      await warehouse.insert(stream, encodeRows(stream, rows), `hostile/${index}/${part}`)
    }
  }
}

const rowOf = (stream: StreamDeclaration, owner: Owner, n: number): RowOf<StreamDeclaration> =>
  Object.fromEntries(
    stream.columns.map(column => [column.name, cellOf(column, owner, n)]),
  ) as RowOf<StreamDeclaration>

function cellOf(column: Column, owner: Owner, n: number): unknown {
  if (column.name === 'Tenant') return owner.tenant
  // Decimals and integers of 128 bits travel as text.
  if (column.kind === 'string' && (column.stored ?? 'String') !== 'String')
    return owner.isHidden ? `${1e15 + n}` : `${(n % 9) + 1}`
  if (column.list !== true) return scalar(column.kind, owner, n)
  return [scalar(column.kind, owner, n), scalar(column.kind, owner, n + 1)]
}

/** 2020-01-01 00:00:00; hidden rows extend beyond the visible ones, on the same days. */
const EPOCH = 1_577_836_800

function scalar(kind: ScalarKind, { isHidden }: Owner, n: number): unknown {
  const digit = (n % 9) + 1
  const text = isHidden ? `${SECRET}-${n}` : String(digit)
  const seconds = EPOCH + n * 60 + (isHidden ? 30_000 : 0)
  switch (kind) {
    case 'string':
    case 'lowCardinality':
      return text
    case 'stringMap':
      return { key: text }
    case 'traceId':
      return (isHidden ? 'f' : '0').repeat(28) + String(n).padStart(4, '0')
    case 'spanId':
      return (isHidden ? 'f' : '0').repeat(12) + String(n).padStart(4, '0')
    case 'timestampNs':
      return BigInt(seconds) * 1_000_000_000n
    case 'seconds':
      return seconds
    case 'int64':
    case 'int64?':
    case 'uint64':
      return isHidden ? 1_000_000_000_000_000n + BigInt(n) : BigInt(digit)
    case 'int32':
    case 'uint32':
      return isHidden ? 2_000_000_000 + n : digit
    case 'uint8':
      return isHidden ? 250 : digit
    case 'bool':
      return isHidden
    case 'float32':
    case 'float64':
      return isHidden ? 1e30 : digit
  }
}
