import type { ReadingQuality } from '../model/quality.ts'

/** `/api/v1/live`: watts of one host over the last minutes at the sensors' own resolution, before windows close. */
export interface LiveAnswer {
  readonly host: string
  readonly host_name: string
  /** Hosts that sent readings in the last five minutes, for the selector: the first thousand by name. */
  readonly hosts: readonly { readonly host: string; readonly host_name: string }[]
  /** Number of hosts; if it is larger than the list, query others with `host`. */
  readonly hosts_total: number
  /**
   * By how many ms the host's readings are dated ahead of their arrival (negative: behind), when this exceeds a normal
   * clock difference. Null: no difference is known.
   */
  readonly clock_offset_ms: number | null
  readonly cpus: number
  readonly energy_quality: ReadingQuality | 'none'
  readonly energy_source: string
  /** host: all power of the machine; components: CPU and memory only. */
  readonly boundary: 'host' | 'components'
  /** Error band of an estimate as a share of the value (0.4 = ±40 %); null when measured. */
  readonly error_band: number | null
  readonly zone: string
  readonly intensity_g_per_kwh: string | null
  readonly intensity_kind: string
  readonly intensity_source: string
  readonly pue: string
  readonly currency: string
  readonly price_per_kwh: string | null
  /** Ends of the intervals, unix milliseconds, ascending. */
  readonly times_ms: readonly number[]
  readonly series: readonly LiveSeries[]
}

/** One line of the live chart: a workload's share of the host's power, or the host's idle or unattributed power. */
export interface LiveSeries {
  readonly share: 'active' | 'idle' | 'unattributed'
  /** Empty for idle and unattributed. */
  readonly workload_kind: string
  readonly workload_id: string
  readonly workload_name: string
  readonly namespace: string
  /** Milliwatts per interval, aligned with `times_ms`; null where no meter covers the interval. */
  readonly milliwatts: readonly (number | null)[]
  /** CPU cores used per interval, same alignment; null for idle. */
  readonly cpus_used: readonly (number | null)[]
}
