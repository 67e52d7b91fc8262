/** This machine's own controller, if it has one and a tool to ask it. */
import type { Config } from '../../../core/catalogue/config/schema.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { Controller } from '../host/controller.ts'
import { kernelFiles } from '../host/files.ts'
import { hostIdentity } from '../host/host-identity.ts'
import { rootsUnder } from '../host/sensor.ts'
import { findIpmiDevice, findIpmiTool, localController } from '../ipmi/local.ts'

/** None where it is off, or where `auto` finds no device or no tool. */
export function ownControllers(config: Pick<Config, 'bmc' | 'sensors'>, events: Events): Controller[] {
  const { bmc, sensors } = config
  if (bmc.local === 'off') return []
  const [device, tool] = [findIpmiDevice(), findIpmiTool()]
  if (device === undefined || tool === undefined) {
    if (bmc.local === 'on') {
      const reason =
        device === undefined
          ? 'There is no /dev/ipmi0: load the modules ipmi_si and ipmi_devintf, or set `bmc.local: auto`.'
          : 'Neither ipmitool nor ipmi-dcmi is installed: install one, or set `bmc.local: auto`.'
      events.emit('sensorFailed', { sensor: 'ipmi', reason })
    }
    return []
  }
  const { host, hostName } = hostIdentity(
    kernelFiles(),
    rootsUnder(sensors.host_root),
    sensors.tenant,
    sensors,
  )
  const { tenant, zone } = sensors
  return [localController(tool, { tenant, host, hostName, ...(zone === undefined ? {} : { zone }) })]
}
