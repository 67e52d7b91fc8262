/** What is left of the state after a tenant was erased. */
import type { DirtyHost } from './dirty.ts'
import { encodeRequest, type RequestProgress } from './requests.ts'

/** Removes hosts and requests of a tenant, and gives the state entries that change. Requests of all tenants begin again. */
export function forgetTenant(
  tenant: string,
  dirty: Map<string, DirtyHost>,
  requests: Map<string, RequestProgress>,
): ReadonlyMap<string, Uint8Array | null> {
  const entries = new Map<string, Uint8Array | null>()
  for (const [key, host] of dirty) {
    if (host.tenant !== tenant) continue
    dirty.delete(key)
    entries.set(key, null)
  }
  for (const [key, request] of requests) {
    if (request.tenant === tenant) {
      requests.delete(key)
      entries.set(key, null)
    } else if (request.cursor?.tenant === tenant) {
      const again = { ...request, cursor: null }
      requests.set(key, again)
      entries.set(key, encodeRequest(again))
    }
  }
  return entries
}
