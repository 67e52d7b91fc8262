/** Finds what is missing, according to the inventory and the tokens: pure. */
import { blockRange, type Inventory, type KnownPart, type KnownTable, mayBeErased } from './inventory.ts'
import { type StoredOffsets, storedFromJson } from './stored-offsets.ts'
import type { Survey, SurveyedTable } from './survey.ts'
import { covers, type PartName } from './token-repair.ts'

/** A table with missing rows. */
export interface MissingTable {
  readonly name: string
  readonly uuid: string
  /** Null: unknown. */
  readonly rows: number | null
  /** Times of the rows, unix seconds; null: unknown. */
  readonly from: number | null
  readonly to: number | null
  /** Missing or broken parts. */
  readonly parts: readonly string[]
  /** Their folders in `detached/`, for broken ones. */
  readonly broken: readonly string[]
  /** Partitions with missing rows. */
  readonly partitions: readonly string[]
}

/** What the tables lack, compared with the inventory and the logged tokens. */
export interface Missing {
  readonly tables: readonly MissingTable[]
  /** Table -> hashes of tokens whose rows are not all there. */
  readonly tokens: ReadonlyMap<string, ReadonlySet<string>>
  /** Those among them whose rows are in no part that is known to be missing. */
  readonly unknown: ReadonlyMap<string, ReadonlySet<string>>
  /** Table -> hashes of all logged tokens. */
  readonly logged: ReadonlyMap<string, ReadonlySet<string>>
  /** Tables that had parts, as far as is known, but have none now: they contain nothing of any record. */
  readonly empty: ReadonlySet<string>
  /** Table -> highest block number on the disk: later inserts get higher ones. */
  readonly highest: ReadonlyMap<string, number>
  /** The inventory has rows but there is no part, or it has tables but there is none: this is not the same disk. */
  readonly isGone: boolean
  /** There is no part at all, whatever there was before. */
  readonly isBare: boolean
  /** Uuids of the tables in the inventory. */
  readonly known: readonly string[]
  /**
   * Up to which offset the tables had the log when the inventory was taken: its parts have the rows up to there, and no
   * others. Null: not recorded.
   */
  readonly noted: StoredOffsets | null
}

/**
 * `nowSeconds`: rows that have expired by then, or by the latest known clock, are not missing. `days`: how long a table
 * keeps its rows.
 */
export function findMissing(
  survey: Survey,
  inventory: Inventory | null,
  nowSeconds: number,
  days: ReadonlyMap<string, number>,
): Missing {
  const clock = Math.max(nowSeconds, inventory?.clock ?? 0)
  const told = new Set(inventory?.told)
  const found = new Map(survey.tables.map(table => [table.uuid, table]))
  const known = new Map(inventory?.tables.map(table => [table.uuid, table]))
  const isAbsent = known.size > 0 && survey.tables.length === 0
  const tables: MissingTable[] = []
  const tokens = new Map<string, ReadonlySet<string>>()
  const empty = new Set<string>()
  const unknown = new Map<string, ReadonlySet<string>>()
  for (const uuid of new Set([...found.keys(), ...known.keys()])) {
    const here = found.get(uuid) ?? { uuid, name: null, parts: [], tokens: new Map(), broken: [] }
    const name = known.get(uuid)?.name ?? here.name
    if (name === null) continue
    const broken = here.broken.filter(
      one => !told.has(`${uuid}/${one.folder}`) && !wasMerged(one, known.get(uuid)),
    )
    const isThere = (part: PartName): boolean =>
      here.parts.some(one => covers(one, part)) && !broken.some(one => covers(one.part, part))
    const hasExpired = (partition: string): boolean => expiryOf(partition, days.get(name)) <= clock
    const isErased = (part: PartName): boolean => mayBeErased(inventory?.erased, uuid, part)
    const isErasing = inventory?.erased?.isRunning === true
    const table = missingOf(name, here, known.get(uuid), isThere, broken, part =>
      part.expires !== null && part.expires <= clock
        ? true
        : hasExpired(blockRange(part.name)?.partition ?? '') ||
          (isErasing && isErased(blockRange(part.name)!)),
    )
    if (table !== null) tables.push(table)
    if (here.parts.length === 0 && (inventory === null || table !== null || isAbsent)) empty.add(name)
    const burnt = [...here.tokens].filter(([, parts]) =>
      parts.some((part: PartName) => !isThere(part) && !hasExpired(part.partition) && !isErased(part)),
    )
    const ranges = [...(table?.parts ?? [])].flatMap(part => blockRange(part) ?? [])
    const strange = burnt.filter(([, parts]) =>
      parts.some((part: PartName) => !isThere(part) && !ranges.some(range => covers(range, part))),
    )
    unknown.set(name, new Set([...(unknown.get(name) ?? []), ...strange.map(([hash]) => hash)]))
    tokens.set(name, new Set([...(tokens.get(name) ?? []), ...burnt.map(([hash]) => hash)]))
  }
  const all = survey.tables.filter(({ name }) => name !== null)
  const isBare = survey.tables.every(({ parts }) => parts.length === 0)
  const hadRows = inventory?.tables.some(({ parts }) => parts.some(({ rows }) => rows > 0)) ?? false
  return {
    tables,
    tokens,
    unknown,
    logged: new Map(all.map(table => [table.name!, new Set(table.tokens.keys())])),
    empty: new Set(
      [...empty].filter(name => !all.some(table => table.name === name && table.parts.length > 0)),
    ),
    highest: new Map(all.map(({ name, parts }) => [name!, Math.max(0, ...parts.map(part => part.maxBlock))])),
    isGone: (hadRows && isBare) || isAbsent,
    isBare,
    known: [...known.keys()],
    noted: inventory?.stored === undefined ? null : storedFromJson(inventory.stored),
  }
}

/**
 * Whether the rows of a broken part were in another part when the inventory was taken. The engine keeps a part for some
 * minutes after merging it, loads it again after a start, in the background, and sets it aside when it is broken:
 * nothing is lost.
 */
function wasMerged(
  { folder, part }: SurveyedTable['broken'][number],
  known: KnownTable | undefined,
): boolean {
  const parts = known?.parts ?? []
  if (!folder.startsWith(ON_START) || parts.some(({ name }) => name === nameIn(folder))) return false
  return parts.some(({ name }) => {
    const range = blockRange(name)
    return range !== null && covers(range, part)
  })
}

/** Parts that are found broken later are set aside under another name, and may have been in use. */
const ON_START = 'broken-on-start_'

function missingOf(
  name: string,
  here: SurveyedTable,
  known: KnownTable | undefined,
  isThere: (part: PartName) => boolean,
  broken: SurveyedTable['broken'],
  isExpired: (part: KnownPart) => boolean,
): MissingTable | null {
  const gone = (known?.parts ?? []).filter(part => {
    const range = blockRange(part.name)
    return range !== null && part.rows > 0 && !isExpired(part) && !isThere(range)
  })
  // A broken part with a known number of rows replaces the smaller ones from which it was merged.
  const counted = broken.filter(
    one => one.rows !== null && !gone.some(({ name: same }) => same === nameIn(one.folder)),
  )
  const parts = gone.filter(part => !counted.some(one => covers(one.part, blockRange(part.name)!)))
  if (gone.length === 0 && broken.length === 0) return null
  // An older copy has some of the rows that were merged into one part since.
  const outer = outermost(here.parts)
  const within = (range: PartName): number =>
    outer.reduce((sum, part) => sum + (covers(range, part) ? part.rows() : 0), 0)
  const rows = [
    ...parts.map(part => Math.max(0, part.rows - within(blockRange(part.name)!))),
    ...counted.map(one => one.rows ?? 0),
  ]
  const times = gone.flatMap(({ from, to }) => (from === null || to === null ? [] : [from, to]))
  const ranges = [...gone.map(part => blockRange(part.name)!), ...broken.map(({ part }) => part)]
  return {
    name,
    uuid: here.uuid,
    rows: rows.length === 0 ? null : rows.reduce((sum, count) => sum + count, 0),
    from: times.length === 0 ? null : Math.min(...times),
    to: times.length === 0 ? null : Math.max(...times),
    parts: [...new Set([...gone.map(part => part.name), ...broken.map(({ folder }) => nameIn(folder))])],
    broken: broken.map(({ folder }) => folder),
    partitions: [...new Set(ranges.map(({ partition }) => partition))],
  }
}

/** Parts that were merged into others stay for some minutes: their rows count once. */
const outermost = (parts: SurveyedTable['parts']): SurveyedTable['parts'] =>
  parts.filter((part, index) =>
    parts.every((other, at) => at === index || !covers(other, part) || (covers(part, other) && at > index)),
  )

const nameIn = (folder: string): string => folder.replace(/^broken(-on-start)?_/, '').replace(/_try\d+$/, '')

/** Unix seconds after which no row of a partition is kept; partitions are days, weeks (by their Monday), or months. */
function expiryOf(partition: string, days = Number.POSITIVE_INFINITY): number {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})?$/.exec(partition) ?? []
  if (year === undefined || month === undefined) return Number.POSITIVE_INFINITY
  const end =
    day === undefined
      ? Date.UTC(Number(year), Number(month))
      : Date.UTC(Number(year), Number(month) - 1, Number(day) + 7)
  return end / 1000 + days * 86_400
}
