/**
 * Prices of whole machines: what a host costs in a window, shared among its rows as embodied emissions are, by CPU time. Unused CPU
 * time is idle and gets its share too: the rows of a window sum to the price of the host.
 */
import { divideHalfEven, type Rational } from '../../core/model/decimal.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import { shareByCpu } from './embodied.ts'
import { type EnergyRecord, rowsByHost } from './energy-record.ts'

/** 1e-9 of the currency in one window. */
const perWindow = ({ numerator, denominator }: Rational): bigint =>
  divideHalfEven(numerator * 1_000_000_000n * BigInt(WINDOW_SECONDS), denominator * 3600n)

/** A row's share of a price for each hour of its host. */
export function createHostShares(record: EnergyRecord): (row: number, perHour: Rational) => bigint {
  let groups: ReadonlyMap<number, readonly number[]> | null = null
  const shares = new Map<string, Map<number, bigint>>()
  return (row, perHour) => {
    groups ??= rowsByHost(record)
    const rows = groups.get(row) ?? [row]
    const key = `${rows[0]}/${perHour.numerator}/${perHour.denominator}`
    const known = shares.get(key)
    if (known !== undefined) return known.get(row) ?? 0n
    const parts = shareByCpu(perWindow(perHour), record, rows)
    const made = new Map(rows.map((one, index) => [one, parts[index]!]))
    shares.set(key, made)
    return made.get(row) ?? 0n
  }
}
