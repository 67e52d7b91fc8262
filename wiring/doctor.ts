import { diagnoseKubernetes } from '../collector/kubernetes/doctor.ts'
import { openControllers } from '../collector/sensors/bmc/open.ts'
import { ownControllers } from '../collector/sensors/bmc/own.ts'
import { diagnoseControllers, ownControllerProblem } from '../collector/sensors/doctor/controllers.ts'
import { diagnoseGpus, withUnreadBoards } from '../collector/sensors/doctor/gpus.ts'
import { diagnoseMachine } from '../collector/sensors/doctor/machine.ts'
import { gpuSources } from '../collector/sensors/gpus.ts'
import { kernelFiles } from '../collector/sensors/host/files.ts'
import { hostIdentity } from '../collector/sensors/host/host-identity.ts'
import { rootsUnder } from '../collector/sensors/host/sensor.ts'
import { findIpmiDevice, findIpmiTool } from '../collector/sensors/ipmi/local.ts'
import type { DoctorAnswer, MeterFinding } from '../core/api/meter-findings.ts'
import type { Config } from '../core/catalogue/config/schema.ts'

/** Checks every meter that a process with this configuration would read here. It asks controllers, and changes nothing. */
export async function checkMeters(config: Config): Promise<DoctorAnswer> {
  const files = kernelFiles()
  const roots = rootsUnder(config.sensors.host_root)
  const { host, hostName } = hostIdentity(files, roots, config.sensors.tenant, config.sensors)
  const machine = diagnoseMachine({ config: config.sensors, files, roots })
  const controllers = [...ownControllers(config, { emit: () => {} }), ...openControllers(config)]
  const asked = await diagnoseControllers(controllers, config.bmc.timeout * 1000)
  const missing: string[] = []
  const boards = gpuSources({ config: config.sensors, files, roots }, (_, reason) => missing.push(reason))
  const gpus =
    config.sensors.gpu === 'off'
      ? [GPU_OFF]
      : withUnreadBoards(await diagnoseGpus(boards, missing, GPU_TIMEOUT_MS), files, roots)
  const problem = config.bmc.local === 'off' ? null : ownControllerProblem(own(), files, roots)
  const findings: MeterFinding[] = [
    ...machine,
    ...gpus,
    ...(problem === null ? [] : [problem]),
    ...asked,
    ...(await diagnoseKubernetes(config.kubernetes, hostName)),
  ]
  return { host, host_name: hostName, findings }
}

/** A driver that starts up takes seconds. */
const GPU_TIMEOUT_MS = 20_000
const GPU_OFF: MeterFinding = { meter: 'gpu', state: 'left_out', detail: 'sensors.gpu is off', command: '' }

const own = () => ({ device: findIpmiDevice(), tool: findIpmiTool() })
