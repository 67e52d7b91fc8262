/** What the books of factors say for a decision: intensity and price now, and the best window for work that waits. */
import type { FactorBooks } from '../factors/follower.ts'
import { type Decimal, decimalText } from '../model/decimal.ts'
import { chooseWindow } from '../planning/best-window.ts'
import { intensityOutlook, priceOutlook } from '../planning/outlook.ts'
import type {
  KnownIntensity,
  KnownPrice,
  KnownWindow,
  ReplicaCosts,
  ScalingMemory,
} from '../scaling/inputs.ts'
import type { ScalingPolicy } from '../scaling/policy.ts'
import { waitingUntil } from '../scaling/shift.ts'

const KIND = 'average'
/** A zone that had hourly values within this time is one that has them: then an average of the year stands for a gap. */
const HOURLY_S = 7 * 86_400
const LEAST_STEP_S = 60

const numberOf = (value: Decimal): number => Number(decimalText(value))

/** Null: nothing is known of the zone. @param at seconds since the epoch */
export function knownIntensity(
  { intensities }: Pick<FactorBooks, 'intensities'>,
  zone: string,
  at: number,
): KnownIntensity | null {
  const factor = intensities.at(zone, KIND, at)
  if (factor === null) return null
  const ended =
    factor.validFrom === null
      ? intensities.between(zone, KIND, at - HOURLY_S, at).map(({ validTo }) => validTo ?? at)
      : []
  const staleSeconds = ended.length === 0 ? 0 : at - Math.max(...ended)
  return { gramsPerKwh: numberOf(factor.value), version: factor.version, staleSeconds }
}

/** Null: no price is in force. */
export function knownPrice(
  { prices }: Pick<FactorBooks, 'prices'>,
  { tenant, replica: { account } }: ScalingPolicy,
  zone: string,
  at: number,
): KnownPrice | null {
  const { energy, currency, energyVersion } = prices.at({ tenant, account, zone }, at)
  return energy === null ? null : { perKwh: numberOf(energy), currency, version: energyVersion }
}

/** Null: nothing waits, or not enough is known of the time until its deadline. */
export function knownWindow(
  books: Pick<FactorBooks, 'intensities' | 'prices'>,
  policy: ScalingPolicy,
  zone: string,
  at: number,
  memory: ScalingMemory,
): KnownWindow | null {
  const waiting = waitingUntil(policy, at, memory)
  if (waiting === null || policy.shift === null) return null
  const { deadline, durationSeconds: durationS } = waiting
  const range = { from: at, to: deadline, now: at }
  const place = { tenant: policy.tenant, account: policy.replica.account, zone }
  const signal =
    policy.shift.objective === 'carbon'
      ? intensityOutlook(books.intensities, { zone, kind: KIND }, range)
      : (priceOutlook(books.prices, place, null, range)?.signal ?? null)
  if (signal === null) return null
  const stepS = Math.max(LEAST_STEP_S, policy.intervalSeconds)
  const choice = chooseWindow(signal, { durationS, notBefore: at, deadline, stepS })
  if (choice === null) return null
  const [best, first] = [Number(choice.best.integral), Number(choice.first.integral)]
  return { start: choice.best.start, saving: first > 0 ? 1 - best / first : 0 }
}

/** What a replica takes: as it was measured, else as it is configured. */
export function replicaCosts(
  { replica }: ScalingPolicy,
  measured: MeasuredReplica | null,
  { zone: home, pue }: { readonly zone: string; readonly pue: number },
): ReplicaCosts {
  const zone = replica.zone ?? (measured !== null && measured.zone !== '' ? measured.zone : home)
  if (measured === null) {
    return {
      watts: replica.watts,
      quality: replica.watts === null ? 'unknown' : 'configured',
      replicaMinutes: 0,
      measuredAt: null,
      pue,
      embodiedGramsPerHour: 0,
      resourceCostPerHour: replica.costPerHour ?? 0,
      zone,
    }
  }
  return {
    watts: measured.watts,
    quality: measured.isEstimated ? 'estimated' : 'measured',
    replicaMinutes: measured.replicaMinutes,
    measuredAt: measured.at,
    pue: measured.pue ?? pue,
    embodiedGramsPerHour: measured.embodiedGramsPerHour,
    resourceCostPerHour: measured.resourceCostPerHour ?? replica.costPerHour ?? 0,
    zone,
  }
}

/** One replica, as the ledger has it. */
export interface MeasuredReplica {
  /** Time of the measurement, seconds since the epoch. */
  readonly at: number
  readonly watts: number
  /** Whether less than half of the energy was measured. */
  readonly isEstimated: boolean
  readonly replicaMinutes: number
  readonly zone: string
  /** Null: the ledger has none. */
  readonly pue: number | null
  readonly embodiedGramsPerHour: number
  /** Null: not priced. */
  readonly resourceCostPerHour: number | null
}
