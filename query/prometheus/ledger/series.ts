/** The ledger as series: their names, what they hold, and their labels. The table in docs/promql.md is of these. */
import { exactSum, LEDGER_BUCKETS } from '../../../core/model/streams/ledger.ts'

/** Labels of every ledger series, and their columns. `workload` besides: the name, or the id where there is none. */
export const LEDGER_LABELS = {
  account: 'Account',
  namespace: 'Namespace',
  workload_id: 'WorkloadId',
  kind: 'WorkloadKind',
  host: 'Host',
  zone: 'Zone',
  component: 'Component',
  share: 'Share',
  quality: 'EnergyQuality',
} as const

/** Part of a ledger series: with the labels that only this part has. */
export interface LedgerPart {
  readonly labels: Readonly<Record<string, string>>
  /** Labels of this part by column. */
  readonly columns: Readonly<Record<string, string>>
  /** Sum over the entries of a window, an integer; null where nothing is known. */
  readonly sum: string
  /** Divides the sum into the unit of the series. */
  readonly divisor: number
  /** The sum is divided by this one as well, over the hour. */
  readonly per?: string
}

interface SeriesMeasure {
  readonly name: string
  readonly unit: string
  readonly help: string
  /** Per second: divided by the window's length. */
  readonly isRate?: true
  /** A quotient is not summed up over longer windows. */
  readonly onlyMinutes?: true
  readonly parts: readonly LedgerPart[]
}

const part = (
  sum: string,
  divisor: number,
  labels: LedgerPart['labels'] = {},
  columns: LedgerPart['columns'] = {},
): LedgerPart => ({ labels, columns, sum, divisor })

const ENERGY = exactSum('EnergyUj')
const CURRENCY = { currency: 'Currency' }

const MEASURES: readonly SeriesMeasure[] = [
  {
    name: 'energy_joules',
    unit: 'joules',
    help: 'Energy of the window.',
    parts: [part(ENERGY, 1e6)],
  },
  {
    name: 'power_watts',
    unit: 'watts',
    help: 'Mean power over the window.',
    isRate: true,
    parts: [part(ENERGY, 1e6)],
  },
  {
    name: 'carbon_grams',
    unit: 'grams',
    help: 'Greenhouse gases of the window in CO2 equivalents: of the energy (operational) and of making the hardware (embodied).',
    parts: [
      part(exactSum('CarbonOperationalUg'), 1e6, { part: 'operational' }),
      part(exactSum('CarbonEmbodiedUg'), 1e6, { part: 'embodied' }),
    ],
  },
  {
    name: 'cost',
    unit: '',
    help: 'Cost of the window in the currency of label currency: of the energy, and of reserved resources.',
    parts: [
      part(exactSum('CostEnergyNano'), 1e9, { part: 'energy' }, CURRENCY),
      part(exactSum('CostResourceNano'), 1e9, { part: 'resources' }, CURRENCY),
    ],
  },
  {
    name: 'carbon_intensity_grams_per_kwh',
    unit: '',
    help: 'Operational carbon of the hour by its energy, with PUE.',
    onlyMinutes: true,
    parts: [
      {
        ...part(exactSum('CarbonOperationalUg'), 1 / 3.6e6),
        per: exactSum('EnergyUj', 'CarbonOperationalUg IS NOT NULL'),
      },
    ],
  },
  {
    name: 'cpu_seconds',
    unit: 'seconds',
    help: 'CPU time of the window.',
    parts: [part(exactSum('CpuUs'), 1e6)],
  },
  {
    name: 'gpu_seconds',
    unit: 'seconds',
    help: 'GPU time of the window.',
    parts: [part(exactSum('GpuUs'), 1e6)],
  },
  {
    name: 'unpriced_energy_joules',
    unit: 'joules',
    help: 'Energy of the window whose carbon, or whose cost, is not known.',
    parts: [
      part(exactSum('EnergyUj', 'CarbonOperationalUg IS NULL'), 1e6, { of: 'carbon' }),
      part(exactSum('EnergyUj', 'CostEnergyNano IS NULL'), 1e6, { of: 'cost' }),
    ],
  },
]

/** One series name. */
export interface LedgerSeries {
  readonly name: string
  readonly unit: string
  readonly help: string
  /** Start of the window that an entry belongs to. */
  readonly bucket: string
  /** Length of a window. */
  readonly seconds: number
  readonly isRate: boolean
  readonly parts: readonly LedgerPart[]
}

const WINDOWS = [
  { prefix: '', words: 'a minute', seconds: 60, bucket: LEDGER_BUCKETS.minute },
  { prefix: 'hourly_', words: 'an hour', seconds: 3_600, bucket: LEDGER_BUCKETS.hour },
  { prefix: 'daily_', words: 'a day (UTC)', seconds: 86_400, bucket: LEDGER_BUCKETS.day },
] as const

/** Every ledger series by its name: `wattline_energy_joules`, `wattline_hourly_energy_joules`, ... */
export const LEDGER_SERIES: ReadonlyMap<string, LedgerSeries> = new Map(
  WINDOWS.flatMap(({ prefix, words, seconds, bucket }) =>
    MEASURES.filter(({ onlyMinutes }) => seconds === 60 || onlyMinutes !== true).map(measure => {
      const name = `wattline_${prefix}${measure.name}`
      const help = `${measure.help} A window is ${words}; its sample is dated at its end.`
      const { unit, parts, isRate = false } = measure
      return [name, { name, unit, help, bucket, seconds, isRate, parts }] as const
    }),
  ),
)
