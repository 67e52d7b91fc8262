/**
 * What the tables lack when they are opened: told as a loss with its extent, and read again from the log where it still has
 * the records. Runs before the engine opens, so that nothing is inserted meanwhile; each step may be repeated after a kill.
 */
import type { Broker, Holding } from '../../core/broker/broker.ts'
import { digest } from '../../core/model/digest.ts'
import { type StreamDeclaration, tablesOf } from '../../core/model/streams/stream.ts'
import type { Extent, Loss, Losses, Restoring } from '../../core/runtime/losses.ts'
import type { Missing } from '../../core/warehouse/embedded/missing.ts'
import type { StoredOffsets } from '../../core/warehouse/embedded/stored-offsets.ts'
import { insertTokenHash } from '../../core/warehouse/embedded/token-hash.ts'
import { encodeRewind, knownUpTo, planRewind, REWIND, type RewindInputs, type RewindPlan } from './rewind.ts'
import { extentOf, refuseUnlessAccepted, tellBack, tellStartedOver } from './tables-gone.ts'
import { STORE, tokenOf } from './token.ts'

interface Recovery {
  /** Null: the log is not in the data folder, and gives nothing back. */
  readonly broker: Pick<Broker, 'holdings' | 'rewind'> | null
  readonly streams: readonly StreamDeclaration[]
  readonly losses: Losses
  /** Folder of the tables, for messages. */
  readonly folder: string
  /** Tables that are made again from others. */
  readonly derived: readonly string[]
}

/**
 * Resolves with the places of the log up to which all that the tables lack is told now, where they have said that they have less.
 * @throws tables_missing while all tables are gone and no operator has accepted that
 */
export async function recover(
  { broker, streams, losses, folder, derived }: Recovery,
  missing: Missing,
  stored: StoredOffsets | null,
): Promise<StoredOffsets> {
  const places = broker?.holdings === undefined ? [] : placesOf(broker, streams, missing, stored)
  const hadRows = places.some(
    ({ stream, inputs }) => stream.holds === undefined && inputs.holding.committed > 0n,
  )
  const isGone = missing.isGone || (missing.isBare && hadRows)
  if (isGone) await refuseUnlessAccepted(losses, folder, missing)
  else await tellBack(losses)
  const plans = places.flatMap(place => {
    const plan = planRewind(place.inputs)
    return plan === null ? [] : [{ ...place, plan }]
  })
  const trimmed = places.filter(isTrimmed)
  const beyond = [...extentBeyond(trimmed, missing), ...extentUnknown(places, missing)]
  if (missing.tables.length > 0 || beyond.length > 0 || plans.some(({ plan }) => plan.restorable > 0)) {
    // Who accepted that all is gone has accepted this.
    await losses.add(lossOfTables(folder, missing, plans, { beyond, trimmed }, derived), isGone)
    if (isGone) await tellStartedOver(losses)
  }
  await cutOff(losses, places, plans, derived)
  for (const { name, partition, plan } of plans) {
    const state = new Map([[REWIND, encodeRewind(plan.rewind)]])
    await broker?.rewind?.(STORE, { stream: name, partition }, plan.offset, state)
  }
  if (stored === null) return new Map()
  return new Map(
    trimmed.map(({ name, partition, inputs: { holding } }) => [
      `${name}/${partition}`,
      { origin: holding.originOf(holding.first - 1n), next: holding.first },
    ]),
  )
}

interface ComparedPartition {
  readonly stream: StreamDeclaration
  readonly name: string
  readonly partition: number
  readonly inputs: RewindInputs
}

function placesOf(
  broker: Pick<Broker, 'holdings'>,
  streams: readonly StreamDeclaration[],
  missing: Missing,
  stored: StoredOffsets | null,
): readonly ComparedPartition[] {
  return streams
    .filter(stream => tablesOf(stream).length > 0)
    .flatMap(stream =>
      (broker.holdings?.(STORE, stream.name) ?? []).map(holding => ({
        stream,
        name: stream.name,
        partition: holding.partition,
        inputs: factsOf(stream, holding, missing, stored),
      })),
    )
}

/** Tokens of a table that the engine keeps, less some that it may be about to forget. */
const KEPT_TOKENS = 900

function factsOf(
  stream: StreamDeclaration,
  holding: Holding,
  missing: Missing,
  stored: StoredOffsets | null,
): RewindInputs {
  const names = tablesOf(stream).map(({ table }) => table?.name ?? '')
  const lacks = missing.tables.some(({ name }) => names.includes(name))
  const place = `${stream.name}/${holding.partition}`
  const kept = stored?.get(place)
  const noted = missing.noted === null ? null : { stored: missing.noted.get(place), isKept: true }
  const inventoried = noted === null ? null : knownUpTo({ holding, ...noted })
  // Each version is stored once, whatever its token: all of it may be read again.
  if (stream.holds !== undefined) {
    const always = { isLogged: () => true, isBurnt: () => false, mayForget: false, inventoried, above: 0 }
    const isAllMissing = lacks || missing.isGone
    return { holding, stored: kept, isKept: stored !== null, isAllMissing, ...always }
  }
  const table = names[0] ?? ''
  const [logged, burnt] = [missing.logged.get(table), missing.tokens.get(table)]
  const hashOf = (offset: bigint): string =>
    insertTokenHash(tokenOf(stream.name, holding.partition, offset, holding.originOf(offset)))
  const inputs = {
    holding,
    isAllMissing: missing.empty.has(table),
    isLogged: (offset: bigint) => logged?.has(hashOf(offset)) === true,
    isBurnt: (offset: bigint) => burnt !== undefined && burnt.size > 0 && burnt.has(hashOf(offset)),
    mayForget: (logged?.size ?? 0) > KEPT_TOKENS,
    inventoried,
    above: missing.highest.get(table) ?? 0,
  }
  if (stored !== null || !lacks) return { ...inputs, stored: kept, isKept: stored !== null }
  // Older than this version: the newest token says how far the tables have the log.
  let newest: bigint | null = null
  for (let offset = holding.first; offset < holding.committed; offset++)
    if (inputs.isLogged(offset)) newest = offset
  const found = newest === null ? undefined : { origin: holding.originOf(newest), next: newest + 1n }
  return { ...inputs, stored: found, isKept: true }
}

/** Whether the log has no more of what the tables say that they have not; nothing kept: they are as of before the first record. */
function isTrimmed({ inputs }: ComparedPartition): boolean {
  const { holding, stored, isKept } = inputs
  return isKept && (stored?.next ?? 0n) < holding.first && knownUpTo(inputs) <= holding.first
}

/** Records that the tables lack and the log has no more, and that no part which is known to be missing held; by stream. */
function extentBeyond(trimmed: readonly ComparedPartition[], missing: Missing): readonly Extent[] {
  const found = new Map<string, number>()
  for (const place of trimmed) {
    const records = recordsBeyond(place, missing)
    if (records > 0) found.set(place.name, (found.get(place.name) ?? 0) + records)
  }
  return [...found].map(([stream, records]) => ({ stream, rows: null, records, from: null, to: null }))
}

function recordsBeyond({ stream, name, partition, inputs }: ComparedPartition, missing: Missing): number {
  const { first, originOf } = inputs.holding
  const names = tablesOf(stream).map(({ table }) => table?.name ?? '')
  // Not noted: by parts alone, where there are any.
  if (missing.noted === null && missing.tables.some(table => names.includes(table.name))) return 0
  const noted = missing.noted?.get(`${name}/${partition}`)
  const isSame = noted !== undefined && noted.next > 0n && originOf(noted.next - 1n) === noted.origin
  const next = inputs.stored?.next ?? 0n
  const from = isSame && noted.next > next ? noted.next : next
  return from >= first ? 0 : Number(first - from)
}

/** Records whose tokens the engine has, whose parts are gone before anybody had noted them, and that the log has no more. */
function extentUnknown(places: readonly ComparedPartition[], missing: Missing): readonly Extent[] {
  const found: Extent[] = []
  for (const [table, hashes] of missing.unknown) {
    const mine = places.filter(({ stream }) => stream.holds === undefined && stream.table?.name === table)
    if (hashes.size === 0 || mine.length === 0) continue
    const left = new Set(hashes)
    for (const { name, partition, inputs } of mine) {
      const { first, end, originOf } = inputs.holding
      for (let offset = first; offset < end && left.size > 0; offset++) {
        left.delete(insertTokenHash(tokenOf(name, partition, offset, originOf(offset))))
      }
    }
    if (left.size > 0) found.push({ table, rows: null, records: left.size, from: null, to: null })
  }
  return found
}

/** What was being read again, and is gone from the log: it will not come back. */
async function cutOff(
  losses: Losses,
  places: readonly ComparedPartition[],
  plans: readonly ComparedPartition[],
  derived: readonly string[],
): Promise<void> {
  const going = new Set(plans.map(({ name, partition }) => `${name}/${partition}`))
  for (const { name, partition, inputs } of places) {
    if (inputs.holding.state.has(REWIND)) going.add(`${name}/${partition}`)
  }
  for (const { state, restoring } of losses.all()) {
    if (state !== 'restoring') continue
    for (const [place, progress] of Object.entries(restoring ?? {})) {
      // Factors are reported table by table, after a space.
      if (progress.isDone || derived.includes(place) || going.has(place.split(' ')[0]!)) continue
      await losses.restored(place, { ...progress, isDone: true, isCutOff: true })
    }
  }
}

function lossOfTables(
  folder: string,
  { tables, unknown }: Missing,
  plans: readonly (ComparedPartition & { readonly plan: RewindPlan })[],
  { beyond, trimmed }: { readonly beyond: readonly Extent[]; readonly trimmed: readonly ComparedPartition[] },
  derived: readonly string[],
): Omit<Loss, 'found' | 'accepted'> {
  const restoring: Record<string, Restoring> = {}
  for (const { stream, name, partition, plan } of plans) {
    if (plan.restorable === 0) continue
    for (const { table } of tablesOf(stream)) {
      const place =
        stream.holds === undefined ? `${name}/${partition}` : `${name}/${partition} ${table?.name}`
      restoring[place] = { table: table?.name ?? '', rows: 0, isDone: false }
    }
  }
  for (const { name } of tables) {
    if (derived.includes(name)) restoring[name] = { table: name, rows: 0, isDone: false }
  }
  const isRestoring = Object.keys(restoring).length > 0
  const named = new Set(tables.map(({ name }) => name))
  const others = [...new Set(Object.values(restoring).map(({ table }) => table))].filter(
    name => !named.has(name),
  )
  const extent = [
    ...tables.map(extentOf),
    ...others.map(table => ({ table, rows: null, records: null, from: null, to: null })),
    ...beyond,
  ]
  const parts = tables.flatMap(({ name, parts: gone }) => gone.map(part => `${name}/${part}`))
  const broken = tables.flatMap(({ broken: found }) => found)
  const strange = [...unknown.values()].flatMap(hashes => [...hashes])
  const isOlder = parts.length === 0 && beyond.every(({ table }) => table === undefined)
  const how = isOlder
    ? 'they are older than the log'
    : parts.length === 0
      ? 'the parts that were written last are gone'
      : partsText(parts, broken.length)
  const records = plans.map(({ name, partition, plan }) => `${name}/${partition}/${plan.rewind.until}`)
  const ends = trimmed.map(({ name, partition, inputs }) => `${name}/${partition}/${inputs.holding.first}`)
  const uuids = tables.map(({ uuid }) => uuid)
  return {
    id: digest(['tables', ...uuids, ...parts, ...broken, ...records, ...strange, ...ends].join(), 16),
    state: isRestoring ? 'restoring' : 'lost',
    what: `The tables in ${folder} lack rows that they had: ${how}.`,
    remedy: isRestoring
      ? 'What the log still has is being stored again; what it does not have is lost. See docs/damage.md.'
      : 'The log does not have them any more: restore a backup, or send the data again. See docs/damage.md.',
    extent,
    ...(isRestoring ? { restoring } : {}),
  }
}

function partsText(parts: readonly string[], broken: number): string {
  const some = parts.slice(0, 5).join(', ')
  const more = parts.length > 5 ? ` and ${parts.length - 5} more` : ''
  const kept = broken === 0 ? '' : `; ${broken} are kept as detached/broken-on-start_*`
  return `parts are gone or broken (${some}${more}${kept})`
}
