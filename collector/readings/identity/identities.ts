import type { DecodeLimits } from '../../otlp/decode/decode-context.ts'
import type { Ranges } from '../../otlp/decode/envelope.ts'
import type { PointInHand } from '../../otlp/decode/point-sink.ts'
import type { PointContext } from '../mappings/mapping.ts'
import type { MetricRule } from '../mappings/rule.ts'
import { ByteKeyedMap } from './byte-keyed-map.ts'
import { ByteStore } from './byte-store.ts'
import { isOutdated, KnownHostNames, type NamedHost } from './host-names.ts'
import type { RegionUnknown } from './host-zone.ts'
import { type IdentifiedReading, identify } from './identify.ts'
import { type ReadingIdentity, type ReadingSeries, readingIdentity } from './identity.ts'

/** Approximate size of a cached resource or series in addition to its bytes: objects and table entries. */
const ENTRY_BYTES = 300
/** Longer keys are not cached: no real meter has them. */
const MAX_KEY_BYTES = 16_384
/** When the cache is full, it is cleared after this many times as many misses as it has entries. */
const STALE_FACTOR = 4
/** A cached resource of a tenant. */
export interface KnownResource {
  readonly tenant: string
  /** Distinguishes it from others in tables. */
  readonly salt: number
}

/** The sender, according to the credential. */
export interface ReadingSender {
  readonly tenant: string
  /** The account that pays for the workloads; undefined: none is named. */
  readonly account: string | undefined
}

interface TenantSalt {
  readonly salt: number
}

/**
 * Identities of series by the bytes with which they were sent. The labels of a resource and of its points are the same
 * each time, and parsing them again is most of the work of recognising. Equal bytes have the same identity.
 *
 * Bounded: when it is full, nothing is added. It is cleared once the number of misses shows that its entries are outdated.
 * Senders that never repeat themselves thus cost others some cache hits, but no memory.
 */
export class Identities {
  readonly names: KnownHostNames
  readonly #maxBytes: number
  readonly #regionUnknown: RegionUnknown | undefined
  readonly #store = new ByteStore()
  readonly #tenants = new Map<string, TenantSalt>()
  readonly #resources = new ByteKeyedMap<TenantSalt, KnownResource>(this.#store)
  readonly #series = new ByteKeyedMap<KnownResource, ReadingIdentity>(this.#store)
  readonly #cloudIds = new Map<string, ReadingSeries>()
  #limits: DecodeLimits | null = null
  #misses = 0
  #salt = 0

  constructor(maxBytes: number, separate: readonly string[] = [], regionUnknown?: RegionUnknown) {
    this.#maxBytes = maxBytes
    this.names = new KnownHostNames(separate)
    this.#regionUnknown = regionUnknown
  }

  get byteSize(): number {
    const entries = this.#tenants.size + this.#resources.size + this.#series.size + this.#cloudIds.size
    return this.#store.byteSize + entries * ENTRY_BYTES
  }

  /** Call it before each request: the meaning of its bytes depends on the limits. */
  begin(limits: DecodeLimits): void {
    const known = this.#limits
    this.#limits = limits
    const isSame =
      known === null ||
      (known.attributes === limits.attributes &&
        known.attributeBytes === limits.attributeBytes &&
        known.maxDepth === limits.maxDepth)
    if (!isSame || this.#misses > STALE_FACTOR * this.#series.size) this.#clear()
  }

  /** The cached resource for `messages` of the body; null when it is not cached. */
  resource(sender: ReadingSender, body: DataView, messages: Ranges): KnownResource | null {
    if (messages.length > 2) return null
    const [start, end] = messages.length === 2 ? [messages[0]!, messages[1]!] : [0, 0]
    const { tenant } = sender
    const owner = this.#ownerOf(sender)
    const known = this.#resources.get(owner, owner.salt, 0, body, start, end)
    if (known !== undefined) return known
    if (end - start > MAX_KEY_BYTES || this.#isFull()) return null
    const resource = { tenant, salt: this.#nextSalt() }
    this.#resources.add(owner, 0, body, start, end, resource)
    return resource
  }

  /**
   * The identity of the point. `resource`: its cached resource, or null. `scratch`: for resources that are not cached.
   */
  of(
    sender: ReadingSender,
    resource: KnownResource | null,
    rule: MetricRule,
    body: DataView,
    point: PointInHand,
    scratch: ByteStore,
  ): ReadingIdentity {
    const { attributesStart: start, attributesEnd: end } = point
    if (resource !== null && end >= 0) {
      const known = this.#series.get(resource, resource.salt, rule.number, body, start, end)
      if (known !== undefined) {
        if (known.reason === null && known.alone !== null && isOutdated(known.alone))
          Object.assign(known, this.#identify(sender, rule, point, this.#store))
        return known
      }
    }
    const isFull = this.#isFull()
    if (isFull) this.#misses += 1
    if (isFull || resource === null || end < 0 || end - start > MAX_KEY_BYTES) {
      return this.#identify(sender, rule, point, scratch)
    }
    const identity = this.#identify(sender, rule, point, this.#store)
    this.#series.add(resource, rule.number, body, start, end, identity)
    return identity
  }

  #identify(
    { tenant, account }: ReadingSender,
    rule: MetricRule,
    point: PointInHand,
    store: ByteStore,
  ): ReadingIdentity {
    const place = { point: point.attributesRecord(), resource: point.resourceRecord() }
    const found = identify(rule, place, { account, regionUnknown: this.#regionUnknown })
    if ('reason' in found) return readingIdentity(found, tenant, store)
    const [alone, also] = [this.#nameOf(found, tenant, place), this.#cloudIdOf(found, tenant, store)]
    return readingIdentity(found, tenant, store, { alone, also })
  }

  /** One for all series of a host: it is said every two minutes, however many there are. */
  #cloudIdOf(found: IdentifiedReading, tenant: string, store: ByteStore): ReadingSeries | null {
    const { host, cloudId, mapping, source } = found
    if (cloudId === '' || cloudId === host) return null
    const key = [tenant, host, cloudId].join('\u0000')
    const known = this.#cloudIds.get(key)
    if (known !== undefined) return known
    const said = {
      mapping: { ...mapping, quantity: 'identity' as const, isCounter: false, value: 1n },
      ...{ host, hostName: cloudId, domain: '', device: '', workloadKind: '', workloadId: '' },
      ...{ source, quality: 'measured', attributes: {}, cloudId: '' },
    }
    const series = readingIdentity(said, tenant, store)
    if (series.reason !== null) return null
    if (store === this.#store) this.#cloudIds.set(key, series)
    return series
  }

  /** For a host that is known only by name, the host that it stands for; for any other host, learns the name. */
  #nameOf(
    { mapping, host, hostName }: IdentifiedReading,
    tenant: string,
    { resource }: PointContext,
  ): NamedHost | null {
    if (mapping.aliasOf !== null) {
      this.names.learn(tenant, hostName, host, true)
      return null
    }
    if (host === hostName) return this.names.find(tenant, host)
    this.names.learn(tenant, hostName, host)
    if (host === resource['host.id']) this.names.learn(tenant, resource['k8s.node.name'] ?? '', host)
    return null
  }

  #ownerOf({ tenant: name, account }: ReadingSender): TenantSalt {
    // No tenant name contains a line feed.
    const key = account === undefined ? name : `${name}\n${account}`
    const known = this.#tenants.get(key)
    if (known !== undefined) return known
    const tenant = { salt: this.#nextSalt() }
    this.#tenants.set(key, tenant)
    return tenant
  }

  #nextSalt(): number {
    this.#salt = (this.#salt + 0x61c88647) | 0
    return this.#salt
  }

  #isFull(): boolean {
    return this.byteSize >= this.#maxBytes
  }

  #clear(): void {
    this.#resources.clear()
    this.#series.clear()
    this.#tenants.clear()
    this.#store.clear()
    this.#cloudIds.clear()
    this.#misses = 0
  }
}
