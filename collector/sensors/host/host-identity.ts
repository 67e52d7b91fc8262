import { hostname } from 'node:os'
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import type { KernelFiles } from './files.ts'
import type { HostIdentity, Roots } from './sensor.ts'

/**
 * Who this machine is: the configured id, else /etc/machine-id (stable over reboots and renames), else its name.
 * A container has a name of its own: there the host's is configured. Without a boot id the kernel's start time in /proc/stat stands in: it is as good as one.
 */
export function hostIdentity(
  files: KernelFiles,
  roots: Roots,
  tenant: string,
  configured: {
    readonly host_id?: string | undefined
    readonly host_name?: string | undefined
    readonly zone?: string | undefined
  },
): HostIdentity {
  const hostName = configured.host_name || files.text(`${roots.proc}/sys/kernel/hostname`) || hostname()
  const machineId = files.text(`${roots.etc}/machine-id`)
  const bootId =
    files.text(`${roots.proc}/sys/kernel/random/boot_id`) ||
    /^btime \d+/m.exec(files.text(`${roots.proc}/stat`) ?? '')?.[0] ||
    'unknown'
  const usable = machineId !== undefined && /^[0-9a-f]{32}$/.test(machineId) ? machineId : undefined
  const { zone } = configured
  const attributes = zone === undefined ? undefined : { [ZONE_ATTRIBUTE]: zone }
  const identity = { tenant, host: configured.host_id ?? usable ?? hostName, hostName, bootId }
  return attributes === undefined ? identity : { ...identity, attributes }
}
