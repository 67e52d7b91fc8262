/**
 * Ids by which clouds know machines: `i-0abc...`, a UUID, a number; or by which their orchestrators do:
 * `gce://project/zone/name`. A machine has such an id beside its own (/etc/machine-id) and its name. Who says two ids of one
 * machine proves that they are one, so readings under the cloud's id go to the machine whatever else they say of it.
 */

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** EC2 and Alibaba, Azure and OpenStack, Google, Oracle. */
const INSTANCE = new RegExp(
  `^(?:i-(?:[0-9a-f]{4,32}|[0-9a-z]{8,32})|${UUID}|\\d{15,20}|ocid1\\.instance\\.[\\w.-]{1,200})$`,
)
const PROVIDER = /^([a-z][a-z0-9+.-]*):\/\/+(.+)$/
const MACHINE = /^[0-9a-f]{32}$/

/** Whether a text has the form of a cloud's id of a machine. No host name has. */
export const isCloudId = (text: string): boolean => INSTANCE.test(text) || PROVIDER.test(text)

/**
 * The id in a `spec.providerID` of Kubernetes: its last part where that is an id of its own, as of AWS, OpenStack and Alibaba;
 * otherwise all of it, as of Google and Azure, which end in names. '' if it is none.
 */
export function idOfProvider(providerId: string): string {
  const found = PROVIDER.exec(providerId.trim().toLowerCase())
  if (found === null) return INSTANCE.test(providerId) ? providerId : ''
  const [, scheme = '', path = ''] = found
  // Alibaba writes `region.i-...`.
  const last = path.slice(path.lastIndexOf('/') + 1).replace(/^[a-z0-9-]+\.(?=i-)/, '')
  return INSTANCE.test(last) ? last : `${scheme}://${path}`
}

/** How good a name of a machine is: its own id, its name, the cloud's id, the orchestrator's. */
const rankOf = (host: string): number =>
  MACHINE.test(host) ? 0 : PROVIDER.test(host) ? 3 : INSTANCE.test(host) ? 2 : 1

/**
 * Of hosts that claim one cloud's id, the one that the others are; null: two are equally good. A copied disk may give its id to
 * two machines.
 */
export function bestHost(hosts: readonly string[]): string | null {
  const best = Math.min(...hosts.map(rankOf))
  const [first, ...others] = hosts.filter(host => rankOf(host) === best)
  return first === undefined || others.length > 0 ? null : first
}
