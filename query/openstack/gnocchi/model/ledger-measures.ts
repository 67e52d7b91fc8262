/** The ledger as metrics: names, units, and their value in a window of a minute. */
import { exactSum } from '../../../../core/model/streams/ledger.ts'

/** A metric of the ledger. */
export interface LedgerMetric {
  readonly name: string
  readonly unit: string
  /** Integer over the entries of a window; null where nothing is known. */
  readonly sum: string
  /** Divides it into the unit. */
  readonly divisor: number
}

const BOTH_COSTS = ['CostEnergyNano', 'CostResourceNano'].map(column => exactSum(column))
const MINUTE_S = 60

/** Metrics of every resource that the ledger knows. */
export const LEDGER_MEASURES: readonly LedgerMetric[] = [
  { name: 'wattline_energy_joules', unit: 'J', sum: exactSum('EnergyUj'), divisor: 1e6 },
  { name: 'wattline_power_watts', unit: 'W', sum: exactSum('EnergyUj'), divisor: 1e6 * MINUTE_S },
  {
    name: 'wattline_carbon_operational_grams',
    unit: 'g',
    sum: exactSum('CarbonOperationalUg'),
    divisor: 1e6,
  },
  { name: 'wattline_carbon_embodied_grams', unit: 'g', sum: exactSum('CarbonEmbodiedUg'), divisor: 1e6 },
  { name: 'wattline_cpu_seconds', unit: 's', sum: exactSum('CpuUs'), divisor: 1e6 },
  { name: 'wattline_gpu_seconds', unit: 's', sum: exactSum('GpuUs'), divisor: 1e6 },
]

/** Cost in one currency: of energy and of reserved resources. */
export const costMeasure = (currency: string): LedgerMetric => ({
  name: `wattline_cost_${currency.toLowerCase()}`,
  unit: currency,
  sum: `if(${BOTH_COSTS.map(sum => `isNull(${sum})`).join(' AND ')}, NULL, ${BOTH_COSTS.map(sum => `ifNull(${sum}, 0)`).join(' + ')})`,
  divisor: 1e9,
})
