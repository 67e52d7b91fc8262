/**
 * What the books lack: each thing of a minute that the readings give otherwise than it is booked is taken back and booked again, as
 * two entries. Each of them is rated as a whole, so that every entry can be checked by itself, and restated by itself when a
 * factor is revised; their sum is the difference. Nothing else is touched.
 */
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import { entryId } from '../../core/model/entry-id.ts'
import { sumOf } from '../../core/model/integers.ts'
import { energy, ledger } from '../../core/model/streams/index.ts'
import type { EnergyRow, LedgerRow } from '../../core/model/streams/ledger.ts'
import type { Rate } from '../rate/rate.ts'
import { type Booked, MONEY, SUMMED_AMOUNTS } from './booked.ts'
import { takenBack } from './taken-back.ts'

/** Why there are corrections: a value of column `CorrectionReason`. */
export type RecomputeReason = 'late_readings' | 'recomputed' | 'factors_revised'

/** One host's minutes, as they are booked and as the readings give them. */
export interface HostComparison {
  readonly metered: readonly EnergyRow[]
  readonly booked: readonly Booked[]
  /** Minutes with samples. Where the meter makes nothing of them, nothing is to be booked. */
  readonly sampled: ReadonlySet<number>
  readonly rate: Rate
  /** In force now. */
  readonly books: FactorBooks
  /** Whether who pays and at what price is compared as well. */
  readonly isWhole: boolean
  readonly reason: RecomputeReason
}

/** Corrections, in order of minutes, and the minutes that could not be compared. */
export interface Differences {
  readonly entries: LedgerRow[]
  /** Minutes with entries of which there are no readings any more: they stay as they are booked. */
  readonly withoutReadings: number[]
}

/** Compares minute by minute. */
export function differences(comparison: HostComparison): Differences {
  const { metered, booked, sampled, isWhole } = comparison
  const found: Differences = { entries: [], withoutReadings: [] }
  const meteredBy = Map.groupBy(metered, row => row.WindowStart)
  const bookedBy = Map.groupBy(booked, ({ row }) => row.WindowStart)
  for (const minute of [...new Set([...meteredBy.keys(), ...bookedBy.keys()])].sort((a, b) => a - b)) {
    const right = meteredBy.get(minute) ?? []
    const there = Map.groupBy(bookedBy.get(minute) ?? [], ({ row }) => keyOf(row))
    const isRight = right.every(row => isSame(row, there) && !isNamedLate(row, there.get(keyOf(row))))
    if (!isWhole && isRight && isAllThere(right, there)) continue
    if (right.length > 0) found.entries.push(...correctionsOf(right, there, comparison))
    else if (sampled.has(minute)) found.entries.push(...allTakenBack(there, comparison))
    else if (!isAllThere(right, there)) found.withoutReadings.push(minute)
  }
  return found
}

type Key = 'WorkloadKind' | 'WorkloadId' | 'Component' | 'Share' | 'EnergyQuality'

/** What makes a thing of a minute. */
const keyOf = (row: Pick<EnergyRow, Key>): string =>
  [row.WorkloadKind, row.WorkloadId, row.Component, row.Share, row.EnergyQuality].join('\u0000')

/** What is booked in a minute, by thing: under one account, unless rules for accounts have changed. */
type BookedThings = ReadonlyMap<string, readonly Booked[]>

const amountOf = (booked: readonly Booked[], name: (typeof SUMMED_AMOUNTS)[number]): bigint =>
  sumOf(booked.map(({ row }) => row[name]))

function isSame(row: EnergyRow, there: BookedThings): boolean {
  const booked = there.get(keyOf(row)) ?? []
  return SUMMED_AMOUNTS.every(name => row[name] === amountOf(booked, name))
}

/** Whether nothing is booked that the readings do not give. */
function isAllThere(right: readonly EnergyRow[], there: BookedThings): boolean {
  const keys = new Set(right.map(keyOf))
  return [...there].every(
    ([key, booked]) => keys.has(key) || SUMMED_AMOUNTS.every(name => amountOf(booked, name) === 0n),
  )
}

/** Entries that take back what is booked of a thing. */
function takeBack(
  booked: readonly Booked[],
  like: LedgerRow,
  { books, reason }: Pick<HostComparison, 'books' | 'reason'>,
): LedgerRow[] {
  const revision = Math.max(0, ...booked.map(one => one.revision)) + 1
  return booked.flatMap(one => {
    const row = takenBack(one, like, books)
    return row === null ? [] : [correction(row, revision, reason)]
  })
}

function allTakenBack(there: BookedThings, comparison: HostComparison): LedgerRow[] {
  const things = [...there.values()]
  const [like] = rated(
    comparison.rate,
    things
      .flat()
      .map(({ row }) => row)
      .slice(0, 1),
  )
  return like === undefined ? [] : things.flatMap(booked => takeBack(booked, like, comparison))
}

function correctionsOf(
  metered: readonly EnergyRow[],
  there: BookedThings,
  comparison: HostComparison,
): LedgerRow[] {
  const { rate, isWhole, reason } = comparison
  const entries: LedgerRow[] = []
  const right = rated(rate, metered)
  const [like] = right
  if (like === undefined) return []
  const keys = new Set(right.map(keyOf))
  const dividesEmbodied = !isWhole && isOneEmbodied(right, [...there.values()].flat())
  for (const row of right) {
    const booked = there.get(keyOf(row)) ?? []
    // Whose account changed, is booked under both, and nothing is left under the old one.
    const first = booked.find(isLeft) ?? booked[0]
    const isNamed = isNamedLate(row, booked)
    const described = isWhole || isNamed || first === undefined ? row : { ...row, ...whoIn(first) }
    const isRight = !isNamed && isSame(row, there) && booked.every(one => isPricedAs(described, one, isWhole))
    if (isRight && (!dividesEmbodied || isEmbodiedAs(row, booked))) continue
    const revision = Math.max(0, ...booked.map(one => one.revision)) + 1
    entries.push(...takeBack(booked, like, comparison))
    if (isSomething(row)) entries.push(correction(described, revision + 1, reason))
  }
  for (const [key, booked] of there) {
    if (!keys.has(key)) entries.push(...takeBack(booked, like, comparison))
  }
  return entries
}

const isSomething = (row: LedgerRow): boolean =>
  [...SUMMED_AMOUNTS, ...MONEY].some(name => (row[name] ?? 0n) !== 0n)

/** Whether what is booked of a thing, which there may be nothing left of, is for whom and at what price it should be. */
function isPricedAs(
  right: LedgerRow,
  { row, account, pue, currency, money }: Booked,
  isWhole: boolean,
): boolean {
  if (!isWhole) return true
  if ([...SUMMED_AMOUNTS.map(name => row[name]), ...MONEY.map(name => money[name])].every(amount => !amount))
    return true
  return (
    account === right.Account &&
    row.Zone === right.Zone &&
    pue === right.Pue &&
    currency === right.Currency &&
    MONEY.every(name => money[name] === right[name])
  )
}

/** Embodied emissions are divided again when late readings show who used what. */
const isEmbodiedAs = (right: LedgerRow, booked: readonly Booked[]): boolean =>
  (right.CarbonEmbodiedUg ?? 0n) === sumOf(booked.map(({ money }) => money.CarbonEmbodiedUg ?? 0n))

/** Whether the whole of the host is what it was: where it is another, that is not for late readings to change. */
const isOneEmbodied = (right: readonly LedgerRow[], booked: readonly Booked[]): boolean =>
  sumOf(right.map(row => row.CarbonEmbodiedUg ?? 0n)) ===
  sumOf(booked.map(({ money }) => money.CarbonEmbodiedUg ?? 0n))

const isLeft = ({ row }: Booked): boolean => SUMMED_AMOUNTS.some(name => row[name] !== 0n)

/** What says who a workload is. */
const NAMES = ['k8s.owner.kind', 'k8s.cronjob.name', 'k8s.pod.uid', 'k8s.container.name']

/**
 * Whether the readings name what was booked before its name was known: they say a namespace, an owner or a container where nothing
 * is booked, and contradict nothing.
 */
function isNamedLate(row: EnergyRow, booked: readonly Booked[] = []): boolean {
  return booked.filter(isLeft).some(({ row: { Namespace, Labels } }) => {
    const saysMore =
      (Namespace === '' && row.Namespace !== '') || NAMES.some(name => !Labels[name] && row.Labels[name])
    const isOther =
      (Namespace !== '' && Namespace !== row.Namespace) ||
      NAMES.some(name => name !== 'k8s.owner.kind' && Labels[name] && Labels[name] !== row.Labels[name])
    return saysMore && !isOther
  })
}

/** Who it is and who pays stays as booked otherwise: readings that came late say how much, not who. */
const whoIn = ({ row, account }: Booked) => ({
  Host: row.Host,
  HostName: row.HostName,
  WorkloadName: row.WorkloadName,
  Namespace: row.Namespace,
  Labels: row.Labels,
  Account: account,
})

function rated(rate: Rate, rows: readonly EnergyRow[]): LedgerRow[] {
  if (rows.length === 0) return []
  const entries = createRecordBuilder(ledger)
  rate.rate(readRecord(energy, encodeRows(energy, rows)), entries)
  return decodeRows(ledger, entries.finish())
}

function correction(row: LedgerRow, revision: number, reason: RecomputeReason): LedgerRow {
  const id = entryId({
    tenant: row.Tenant,
    host: row.Host,
    windowStart: row.WindowStart,
    workloadKind: row.WorkloadKind,
    workloadId: row.WorkloadId,
    component: row.Component,
    share: row.Share,
    entryKind: 'correction',
    revision,
    // Energy that turns out to be of another quality is taken from one thing and given to another.
    history: [row.EnergyQuality, row.Account, row.Zone, row.Pue, row.Currency].join('/'),
  })
  return { ...row, EntryKind: 'correction', CorrectionReason: reason, Revision: revision, EntryId: id }
}
