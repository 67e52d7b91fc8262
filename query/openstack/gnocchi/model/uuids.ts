/** Identifiers as Gnocchi makes them: what is not a UUID becomes a UUID of version 5 (RFC 9562). */
import { createHash } from 'node:crypto'

/** Gnocchi's own namespace for ids of resources: it must never change. */
const RESOURCE_NAMESPACE = '0a7a15ff-aa13-4ac2-897c-9bdf30ce175b'

const UUID =
  /^\{?(?:urn:uuid:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i

/** The usual form of a UUID, with or without hyphens; undefined for other texts. */
export function uuidOf(text: string): string | undefined {
  const found = UUID.exec(text)
  return found === null ? undefined : found.slice(1).join('-').toLowerCase()
}

/** UUID of version 5. @param namespace a UUID */
export function uuid5(namespace: string, name: string): string {
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
  digest[6] = (digest[6]! & 0x0f) | 0x50
  digest[8] = (digest[8]! & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Id of a resource by the id that its creator gave it. */
export const resourceUuid = (original: string, creator: string): string =>
  uuidOf(original) ?? uuid5(RESOURCE_NAMESPACE, `${original}\0${creator}`)

/** Id of a metric: of its resource and its name, so that it stays the same. */
export const metricUuid = (resourceId: string, name: string): string => uuid5(resourceId, name)
