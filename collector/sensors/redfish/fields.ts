/** Reads fields of resources: of the wrong type is like missing, since makers differ. */
import type { RedfishResource } from './client.ts'

/** The object in a field; empty if there is none. */
export function objectIn(resource: RedfishResource | undefined, field: string): RedfishResource {
  const value = resource?.[field]
  return isObject(value) ? value : {}
}

/** The objects in a list. */
export function objectsIn(resource: RedfishResource | undefined, field: string): readonly RedfishResource[] {
  const value = resource?.[field]
  return Array.isArray(value) ? value.filter(isObject) : []
}

const isObject = (value: unknown): value is RedfishResource =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The text in a field; '' if there is none. */
export function textIn(resource: RedfishResource | undefined, field: string): string {
  const value = resource?.[field]
  return typeof value === 'string' ? value : ''
}

/** The number in a field; some services write numbers as text. */
export function numberIn(resource: RedfishResource | undefined, field: string): number | undefined {
  const value = resource?.[field]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}

/** The link in a field; undefined if there is none. */
export function linkIn(resource: RedfishResource | undefined, field: string): string | undefined {
  const link = textIn(objectIn(resource, field), '@odata.id')
  return link === '' ? undefined : link
}

/** Links of a collection's members. */
export const membersOf = (collection: RedfishResource | undefined): readonly string[] =>
  objectsIn(collection, 'Members').flatMap(member => textIn(member, '@odata.id') || [])

/** Whether the part works: absent or disabled ones may still show an old value. */
export const isEnabled = (resource: RedfishResource): boolean =>
  !['Absent', 'Disabled'].includes(textIn(objectIn(resource, 'Status'), 'State'))
