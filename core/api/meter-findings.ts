/** What `wattline doctor` finds about the meters of a machine. */

/**
 * reads: works now. cannot: exists, and cannot be read. left_out: exists, and is not read on purpose. absent: this
 * machine does not have it, or not the driver.
 */
export type FindingState = 'reads' | 'cannot' | 'left_out' | 'absent'

/** One meter. */
export interface MeterFinding {
  /** `rapl package-0`, `redfish node-1`, `hwmon ina226/VDD_MAIN`. */
  readonly meter: string
  readonly state: FindingState
  /** What it reads, or why it does not. */
  readonly detail: string
  /** The command, or the lines of configuration, that change that; '' if nothing does or nothing needs to. */
  readonly command: string
}

/** Answer of `wattline doctor --format json`. */
export interface DoctorAnswer {
  readonly host: string
  readonly host_name: string
  readonly findings: readonly MeterFinding[]
}
