import { hostname } from 'node:os'
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import type { KernelFiles } from './files.ts'
import type { HostIdentity, Roots } from './sensor.ts'

/**
 * Identity of this machine: the configured id, otherwise /etc/machine-id (stable over reboots and renames), otherwise
 * its name. A container has its own name, so there the host's is configured. Without a boot id, the kernel's start time
 * in /proc/stat is used, which is just as good.
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
