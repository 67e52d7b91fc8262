/**
 * Power of whole machines as BMCs report it: exporters of IPMI and Redfish. Their target is the BMC: `hosts.aliases` says
 * which machine that is, unless the target has the machine's name.
 */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const ipmi = rowsOf('ipmi_exporter', { domain: 'host', zero_is_none: true })
const redfish = rowsOf('redfish_exporter', { domain: 'host', zero_is_none: true })
const idrac = rowsOf('idrac_exporter', { domain: 'host', zero_is_none: true })

/** Sensors that measure the whole machine, as vendors call them. */
export const WHOLE_MACHINE_SENSOR =
  '/^(?:pwr consumption|pw consumption|power meter|(?:total|system|sys|chassis|node|server|board)[ _]?(?:power|pwr)(?:[ _]?(?:consumption|in|usage))?|power)$/i'
/** What supplies draw; their sum is what the machine draws. */
export const SUPPLY_INPUT_SENSOR =
  '/^(?:psu?|power[ _]supply)[ _]?(?<supply>\\d+)[ _]?.*(?:in|input|pin)(?:[ _]?(?:power|pwr))?$/i'
/** Parts of a machine that Redfish lists beside the whole. */
const NOT_A_PART = '/^(?!.*(?:cpu|processor|mem|gpu|accelerator|sub-?system|fan|storage|drive)).*$/i'

export const BMC_ROWS: readonly BuiltInRow[] = [
  ipmi('ipmi_dcmi_power_consumption_watts', 'power', 'W', {}),
  ipmi('ipmi_power_watts', 'power', 'W', { when: { name: WHOLE_MACHINE_SENSOR } }),
  ipmi('ipmi_power_watts', 'power', 'W', { when: { name: SUPPLY_INPUT_SENSOR }, device: 'supply-{supply}' }),
  idrac('idrac_power_control_consumed_watts', 'power', 'W', {
    when: { name: NOT_A_PART },
    device: '{id|""}',
  }),
  idrac('idrac_power_supply_input_watts', 'power', 'W', { device: 'supply-{id}' }),
  redfish('redfish_chassis_power_average_consumed_watts', 'power', 'W', { device: '{chassis_id|""}' }),
  redfish('redfish_chassis_power_powerconsumedwatts', 'power', 'W', { device: '{chassis_id|""}' }),
  redfish('redfish_chassis_power_powersupply_power_input_watts', 'power', 'W', {
    device: 'supply-{power_supply_id|power_supply|chassis_id}',
  }),
]
