/**
 * PDUs and smart plugs whose exporters have one usual form. Which machine an outlet feeds, no meter knows: its readings are of
 * a host by the name of the outlet (`pdu-1/outlet-3`), and `hosts.aliases` says which machine that is.
 */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const snmp = rowsOf('snmp', { domain: 'host', elsewhere: true })
const outlet = (label: string) => ({
  host: `{instance|service.instance.id}/outlet-{${label}}`,
})
/** Inlets show the whole PDU, which is no machine. */
const raritan = rowsOf('pdu', {
  domain: 'host',
  elsewhere: true,
  when: { outletid: '/./' },
  host: '{instance|service.instance.id}/outlet-{outletid}',
})
const mqtt = rowsOf('mqtt', {
  domain: 'host',
  elsewhere: true,
  host: ['{topic}', '{sensor}', '{device}'],
})
const plug = rowsOf('plug', {
  domain: 'host',
  elsewhere: true,
  host: ['{device_name}', '{device}', '{name}'],
})

export const PLUG_ROWS: readonly BuiltInRow[] = [
  // APC, Raritan and Server Technology, as the SNMP exporter's generator names them.
  snmp('rPDU2OutletMeteredStatusPower', 'power', 'W', outlet('rPDU2OutletMeteredStatusIndex')),
  snmp('rPDU2OutletMeteredStatusEnergy', 'energy', 'kWh', {
    ...outlet('rPDU2OutletMeteredStatusIndex'),
    scale: '0.1',
  }),
  snmp('measurementsOutletSensorValue', 'power', 'W', {
    ...outlet('outletId'),
    when: { sensorType: '/^(?:activePower|5)$/' },
  }),
  // Raritan's and Server Technology's own exporter, in the PDU.
  raritan('raritan_pdu_activepower_watt', 'power', 'W', {}),
  raritan('raritan_pdu_activeenergy_watthour_total', 'energy', 'Wh', {}),
  snmp('st4OutletActivePower', 'power', 'W', outlet('st4OutletIndex')),
  // Zigbee and Shelly by MQTT, and exporters of plugs.
  mqtt('mqtt_power', 'power', 'W', {}),
  mqtt('mqtt_apower', 'power', 'W', {}),
  mqtt('mqtt_energy', 'energy', 'kWh', {}),
  mqtt('mqtt_aenergy_total', 'energy', 'Wh', {}),
  plug('shelly_switch_power_watts', 'power', 'W', {}),
  plug('tasmota_sensors_energy_power_active_watts', 'power', 'W', {}),
  plug('kasa_current_power_watts', 'power', 'W', {}),
]
