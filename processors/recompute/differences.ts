/**
 * What the books lack: each thing of a minute that the readings give otherwise than it is booked is taken back and booked again, as
 * two entries. Each of them is rated as a whole, so that every entry can be checked by itself, and restated by itself when a
 * factor is revised; their sum is the difference. Nothing else is touched.
 */
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import { entryId } from '../../core/model/entry-id.ts'
import { sumOf } from '../../core/model/integers.ts'
import { energy, ledger } from '../../core/model/streams/index.ts'
import type { EnergyRow, LedgerRow } from '../../core/model/streams/ledger.ts'
import type { Rate } from '../rate/rate.ts'
import { AMOUNTS, type Booked } from './booked.ts'

/** Why there are corrections: a value of column `CorrectionReason`. */
export type RecomputeReason = 'late_readings' | 'recomputed'

/** One host's minutes, as they are booked and as the readings give them. */
export interface Comparison {
  readonly metered: readonly EnergyRow[]
  readonly booked: readonly Booked[]
  readonly rate: Rate
  readonly reason: RecomputeReason
}

/** Corrections, in order of minutes, and the minutes that could not be compared. */
export interface Differences {
  readonly entries: LedgerRow[]
  /** Minutes with entries of which there are no readings any more: they stay as they are booked. */
  readonly withoutReadings: number[]
}

const MONEY = ['CarbonOperationalUg', 'CarbonEmbodiedUg', 'CostEnergyNano', 'CostResourceNano'] as const

/** Compares minute by minute. */
export function differences({ metered, booked, rate, reason }: Comparison): Differences {
  const found: Differences = { entries: [], withoutReadings: [] }
  const meteredBy = Map.groupBy(metered, row => row.WindowStart)
  const bookedBy = Map.groupBy(booked, ({ row }) => row.WindowStart)
  for (const minute of [...new Set([...meteredBy.keys(), ...bookedBy.keys()])].sort((a, b) => a - b)) {
    const right = meteredBy.get(minute) ?? []
    const there = Map.groupBy(bookedBy.get(minute) ?? [], ({ row }) => keyOf(row))
    if (right.every(row => isSame(row, there)) && isAllThere(right, there)) continue
    if (right.length === 0) found.withoutReadings.push(minute)
    else found.entries.push(...correctionsOf(right, there, rate, reason))
  }
  return found
}

type Key = 'WorkloadKind' | 'WorkloadId' | 'Component' | 'Share' | 'EnergyQuality'

/** What makes a thing of a minute. */
const keyOf = (row: Pick<EnergyRow, Key>): string =>
  [row.WorkloadKind, row.WorkloadId, row.Component, row.Share, row.EnergyQuality].join('\u0000')

/** What is booked in a minute, by thing: under one account, unless rules for accounts have changed. */
type BookedThings = ReadonlyMap<string, readonly Booked[]>

const amountOf = (booked: readonly Booked[], name: (typeof AMOUNTS)[number]): bigint =>
  sumOf(booked.map(({ row }) => row[name]))

function isSame(row: EnergyRow, there: BookedThings): boolean {
  const booked = there.get(keyOf(row)) ?? []
  return AMOUNTS.every(name => row[name] === amountOf(booked, name))
}

/** Whether nothing is booked that the readings do not give. */
function isAllThere(right: readonly EnergyRow[], there: BookedThings): boolean {
  const keys = new Set(right.map(keyOf))
  return [...there].every(
    ([key, booked]) => keys.has(key) || AMOUNTS.every(name => amountOf(booked, name) === 0n),
  )
}

function correctionsOf(
  metered: readonly EnergyRow[],
  there: BookedThings,
  rate: Rate,
  reason: RecomputeReason,
): LedgerRow[] {
  const booked = [...there.values()].flat()
  const right = rated(rate, metered)
  const wrong = withEmbodied(
    rated(
      rate,
      booked.map(({ row }) => row),
    ),
    booked,
    right,
  )
  const wrongByKey = Map.groupBy(
    wrong.map((row, index) => ({ row, was: booked[index] })),
    ({ row }) => keyOf(row),
  )
  const entries: LedgerRow[] = []
  for (const row of right) {
    const before = wrongByKey.get(keyOf(row)) ?? []
    wrongByKey.delete(keyOf(row))
    const [first] = before
    const isUnchanged = [...AMOUNTS, ...MONEY].every(
      name => (row[name] ?? 0n) === sumOf(before.map(one => one.row[name] ?? 0n)),
    )
    if (isUnchanged) continue
    const revision = Math.max(0, ...before.map(({ was }) => was?.revision ?? 0)) + 1
    for (const one of before) entries.push(...takenBack(one.row, one.was, revision, reason))
    const described = first?.was === undefined ? row : { ...row, ...whoIn(first.was) }
    if (isSomething(row)) entries.push(correction(described, revision + 1, reason))
  }
  for (const { row, was } of [...wrongByKey.values()].flat()) {
    entries.push(...takenBack(row, was, (was?.revision ?? 0) + 1, reason))
  }
  return entries
}

const isSomething = (row: LedgerRow): boolean => [...AMOUNTS, ...MONEY].some(name => (row[name] ?? 0n) !== 0n)

/** Who it is and who pays stays as booked: the readings that came late say how much, not who. */
const whoIn = ({ row, account }: Booked) => ({
  Host: row.Host,
  HostName: row.HostName,
  WorkloadName: row.WorkloadName,
  Namespace: row.Namespace,
  Labels: row.Labels,
  Account: account,
})

function takenBack(
  row: LedgerRow,
  was: Booked | undefined,
  revision: number,
  reason: RecomputeReason,
): readonly LedgerRow[] {
  if (!isSomething(row)) return []
  const negative = Object.fromEntries(
    [...AMOUNTS, ...MONEY, 'EnergyErrorUj' as const].map(name => {
      const value = row[name]
      return [name, value === null ? null : -value]
    }),
  )
  const who = was === undefined ? {} : { Account: was.account }
  return [correction({ ...row, ...who, ...negative }, revision, reason)]
}

/**
 * Embodied emissions are taken back as they are booked, where the whole of the host is what it is today. Where it is another, the
 * configuration has changed since, which late readings have nothing to do with.
 */
function withEmbodied(
  wrong: readonly LedgerRow[],
  booked: readonly Booked[],
  right: readonly LedgerRow[],
): LedgerRow[] {
  const now = sumOf(right.map(row => row.CarbonEmbodiedUg ?? 0n))
  const then = sumOf(booked.map(({ embodiedUg }) => embodiedUg ?? 0n))
  if (now !== then) return [...wrong]
  return wrong.map((row, index) => ({ ...row, CarbonEmbodiedUg: booked[index]?.embodiedUg ?? null }))
}

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
    history: `${row.EnergyQuality}/${row.Account}`,
  })
  return { ...row, EntryKind: 'correction', CorrectionReason: reason, Revision: revision, EntryId: id }
}
