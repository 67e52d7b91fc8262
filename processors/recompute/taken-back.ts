/** Entries that take back what is booked. */
import type { FactorBooks } from '../../core/factors/follower.ts'
import { multiplyExact, parseDecimal, rational, scaleHalfEven } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import { sharedPart } from '../../core/model/shared-part.ts'
import type { LedgerRow } from '../../core/model/streams/ledger.ts'
import { PER_UJ_CARBON } from '../rate/prices.ts'
import { type Booked, MONEY, SUMMED_AMOUNTS } from './booked.ts'

/** What is booked of a thing, below 0. Null: nothing is. */
export function takenBack(booked: Booked, like: LedgerRow, { intensities }: FactorBooks): LedgerRow | null {
  const { row, account, pue, currency, tariffVersion, money } = booked
  const isKnown = row.EnergyQuality !== 'none'
  const intensity = isKnown ? intensities.at(row.Zone, 'average', row.WindowStart) : null
  const carbon = intensity === null ? null : carbonOf(booked, intensity)
  const amounts = [...SUMMED_AMOUNTS.map(name => row[name]), ...MONEY.map(name => money[name]), carbon]
  if (amounts.every(amount => amount === null || amount === 0n)) return null
  const negative = (amount: bigint | null): bigint | null => (amount === null ? null : -amount)
  return {
    ...like,
    ...row,
    ...(Object.fromEntries(SUMMED_AMOUNTS.map(name => [name, -row[name]])) as Pick<
      LedgerRow,
      (typeof SUMMED_AMOUNTS)[number]
    >),
    ...(Object.fromEntries(MONEY.map(name => [name, negative(money[name])])) as Pick<
      LedgerRow,
      (typeof MONEY)[number]
    >),
    EnergyErrorUj: negative(row.EnergyErrorUj),
    Account: account,
    Pue: pue,
    Currency: currency,
    TariffVersion: tariffVersion,
    CarbonOperationalUg: negative(carbon),
    IntensityVersion: intensity?.version ?? '',
    IntensityKind: intensity?.kind ?? '',
    IntensityState: intensity?.state ?? '',
    Reason: [
      isKnown ? '' : 'no_energy',
      intensity === null ? 'no_intensity' : '',
      money.CostEnergyNano === null ? 'no_tariff' : '',
    ]
      .filter(Boolean)
      .join(','),
  }
}

/** By the intensity in force, to which all that is booked is restated, and the PUE that it was booked with. */
function carbonOf({ row, pue }: Booked, { value }: Factor): bigint {
  const perUj = multiplyExact(PER_UJ_CARBON, multiplyExact(rational(parseDecimal(pue)), rational(value)))
  const [whole, before, own] = [row.IdleSharedUj, row.IdleBeforeUj, row.EnergyUj]
  if (whole === 0n) return scaleHalfEven(own, perUj)
  return sharedPart(scaleHalfEven(whole, perUj), { whole, before, own })
}
