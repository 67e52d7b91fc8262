/**
 * Estimates the energy of hosts that send CPU time but have no meter, where the configuration says so, by the power curves
 * that the sensors use on their own machine.
 */
import { type PowerModel, powerModelNamed } from '../../../core/books/cpu-families.ts'
import { PPM } from '../../../core/books/error-bands.ts'
import { curveEnergy, PICOJOULES } from '../../../core/books/power-curve.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import { divideUp } from '../../../core/model/integers.ts'
import { worstQuality } from '../../../core/model/quality.ts'
import { microJoules } from '../../../core/model/quantity.ts'
import type { HostState } from '../state/host-state.ts'
import type { Metered, WindowUse } from './aggregate.ts'
import { firstForHost } from './patterns.ts'

/** The power curve of a host's processors; null: it is not estimated. */
export type EstimateOf = (host: Pick<HostState, 'tenant' | 'host' | 'hostName'>) => PowerModel | null

/** Source of estimated energy in the ledger. */
const SOURCE = 'estimate:cpu_time'

/** Meters that include the processors. */
const INCLUDES_CPU = /^(host$|psys$|package|core)/

/** The first rule for the tenant and host. */
export function createEstimates({ estimates }: Pick<Config['metering'], 'estimates'>): EstimateOf {
  const modelFor = firstForHost(
    estimates.map(({ tenants, hosts, ...figures }) => ({ tenants, hosts, value: modelOf(figures) })),
  )
  return host => modelFor(host) ?? null
}

type Figures = Omit<Config['metering']['estimates'][number], 'tenants' | 'hosts'>

const milliwatts = (watts: number): bigint => BigInt(Math.round(watts * 1000))

function modelOf({ family, idle_watts: idle, max_watts: most }: Figures): PowerModel {
  const model = powerModelNamed(family)
  return {
    ...model,
    ...(idle === undefined ? {} : { idleMilliwatts: milliwatts(idle) }),
    ...(most === undefined ? {} : { maxMilliwatts: milliwatts(most) }),
  }
}

/**
 * The window's domains, with an estimated package where no meter includes the processors. By the mean load of the window:
 * of a load that changes within it, the curve gives up to a few per cent more or less, well within the error band.
 */
export function withEstimate(
  { domains, capacityUs, busyUs, cpuQuality, cpuSeenNs }: WindowUse,
  model: PowerModel | null,
): ReadonlyMap<string, Metered> {
  if (model === null || capacityUs === 0n) return domains
  if ([...domains.keys()].some(domain => INCLUDES_CPU.test(domain))) return domains
  const energyUj = curveEnergy(model, { capacityUs, busyUs }) / PICOJOULES
  const bandPpm = BigInt(Math.round(Number(model.errorBand) * PPM))
  const estimated: Metered = {
    energyUj: microJoules(energyUj),
    coveredNs: cpuSeenNs,
    quality: worstQuality([cpuQuality, 'estimated']),
    sources: [SOURCE],
    errorUj: divideUp(energyUj * bandPpm, BigInt(PPM)),
  }
  return new Map([...domains, ['package-0', estimated]])
}
