/** Controllers of servers: each is asked once. */
import type { MeterFinding } from '../../../core/api/meter-findings.ts'
import type { Controller } from '../host/controller.ts'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'

/** Asks all at once, each within its time. */
export async function diagnoseControllers(
  controllers: readonly Controller[],
  timeoutMs: number,
): Promise<MeterFinding[]> {
  const findings = await Promise.all(controllers.map(controller => diagnose(controller, timeoutMs)))
  return findings.flat()
}

async function diagnose(controller: Controller, timeoutMs: number): Promise<MeterFinding[]> {
  const { name, source } = controller
  try {
    const values = await controller.read(AbortSignal.timeout(timeoutMs))
    return values.map(({ host, milliwatts, energy }) => ({
      meter: `${source} ${host.hostName}`,
      state: 'reads',
      detail: [
        name,
        ...(milliwatts === undefined ? [] : [`${Number(milliwatts) / 1000} W`]),
        ...(energy === undefined ? [] : ['an energy counter']),
      ].join(', '),
      command: '',
    }))
  } catch (error) {
    // Errors of controllers say what to do in their second sentence.
    const [detail = '', ...remedy] = (error as Error).message.split(/(?<=\.) (?=[A-Z])/)
    return [{ meter: `${source} ${name}`, state: 'cannot', detail, command: remedy.join(' ') }]
  } finally {
    await controller.close(AbortSignal.timeout(timeoutMs))
  }
}

/** Where this machine's own controller stands, before it is asked. */
export interface OwnController {
  /** Path of the driver's device; undefined: none. */
  readonly device: string | undefined
  /** Path of the tool; undefined: not installed. */
  readonly tool: string | undefined
}

/** DMI type 38 describes the interface of a controller. */
const IPMI_ENTRY = 'firmware/dmi/entries/38-0'

/** Why this machine's own controller cannot be asked; null if it can. */
export function ownControllerProblem(
  { device, tool }: OwnController,
  files: KernelFiles,
  roots: Roots,
): MeterFinding | null {
  const meter = 'ipmi:local'
  if (device === undefined) {
    const isThere = files.names(`${roots.sys}/${IPMI_ENTRY}`).length > 0
    return isThere
      ? {
          meter,
          state: 'cannot',
          detail: 'the machine has a controller, but its driver is not loaded',
          command: 'sudo modprobe -a ipmi_si ipmi_devintf',
        }
      : { meter, state: 'absent', detail: 'this machine has no controller (BMC)', command: '' }
  }
  if (tool !== undefined) return null
  return {
    meter,
    state: 'cannot',
    detail: `${device} exists, but neither ipmitool nor ipmi-dcmi is installed`,
    command: 'sudo apt-get install ipmitool',
  }
}
