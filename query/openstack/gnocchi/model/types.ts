/** Types of resources: those of Ceilometer's meters, and those of the ledger. */

/** Attributes by type, all of them optional texts. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  instance: ['display_name', 'host', 'namespace', 'zone'],
  workload: ['display_name', 'host', 'namespace', 'zone', 'kind'],
  host: ['host_name', 'zone'],
  service: ['job', 'instance'],
}

/** Which meters of Ceilometer belong to which type of resource; the first that fits. */
const METER_TYPES: readonly (readonly [meters: RegExp, type: string])[] = [
  [/^identity\./, 'identity'],
  [/^radosgw\./, 'ceph_account'],
  [/^disk\.device\./, 'instance_disk'],
  [/^network\.(incoming|outgoing)\./, 'instance_network_interface'],
  [/^(bandwidth|ip\.floating)$/, 'network'],
  [/^image\./, 'image'],
  [/^hardware\.ipmi\.node\./, 'ipmi'],
  [/^hardware\.ipmi\./, 'ipmi_sensor'],
  [/^stack\./, 'stack'],
  [/^storage\.(objects|containers)/, 'swift_account'],
  [/^volume\.provider\.pool\./, 'volume_provider_pool'],
  [/^volume\.provider\./, 'volume_provider'],
  [/^volume\.service\./, 'volume_service'],
  [/^(volume($|\.)|(snapshot|backup)\.size$)/, 'volume'],
  [/^compute\.node\./, 'nova_compute'],
  [/^manila\./, 'manila_share'],
  [/^loadbalancer\./, 'loadbalancer'],
  [/^dns\.zone\./, 'dns_zone'],
  [/^(memory|vcpus|cpu|power\.state|disk|compute\.instance|perf)($|[._])/, 'instance'],
]

/** The type of resource that a meter of Ceilometer is of. */
export const typeOfMeter = (meter: string): string =>
  METER_TYPES.find(([meters]) => meters.test(meter))?.[1] ?? GENERIC

/** Every resource is of this type, too. */
export const GENERIC = 'generic'

/** Names of all types. */
export const TYPE_NAMES: readonly string[] = [
  ...new Set([GENERIC, ...Object.keys(ATTRIBUTES), ...METER_TYPES.map(([, type]) => type)]),
].toSorted()

/** Names of the attributes of a type, besides those of every resource. */
export const typeAttributes = (type: string): readonly string[] => ATTRIBUTES[type] ?? []

const ATTRIBUTE = { type: 'string', required: false, min_length: 0, max_length: 255 } as const

/** A type as Gnocchi shows it. */
export const typeShape = (name: string): object => ({
  name,
  attributes: Object.fromEntries(typeAttributes(name).map(attribute => [attribute, ATTRIBUTE])),
  state: 'active',
})
