import type { Broker } from '../../core/broker/broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { type ConfiguredFactors, pricesOf } from '../../core/factors/configured.ts'
import { FactorFollower } from '../../core/factors/follower.ts'

/** Nothing is configured. */
export const NO_FACTORS: ConfiguredFactors = {
  intensity: null,
  prices: pricesOf(configSchema.parse({}).tariffs),
  pue: [],
  embodied: [],
}

/** Follows a log without any configuration. */
export const followerOf = (log: Pick<Broker, 'newest' | 'lag'>, now: () => number): FactorFollower =>
  new FactorFollower(log, NO_FACTORS, now)
