/** Resources in groups, by their attributes. */
import { multiple, type RawQuery } from '../../../http/parameters.ts'
import { GnocchiError } from '../model/failure.ts'
import type { GnocchiResource } from '../model/resource.ts'
import { typeAttributes } from '../model/types.ts'
import { resourceFields } from '../shape/shapes.ts'

const GROUPED_BY = [
  'id',
  'type',
  'creator',
  'project_id',
  'user_id',
  'original_resource_id',
  'started_at',
  'ended_at',
]

/** Attributes that are asked for. @throws GnocchiError */
export function groupAttributes(query: RawQuery, type: string): readonly string[] {
  const names = [...new Set(multiple(query, 'groupby'))].filter(name => name !== '').toSorted()
  const known = [...GROUPED_BY, ...typeAttributes(type)]
  for (const name of names)
    if (!known.includes(name)) throw new GnocchiError(400, `Invalid groupby attribute ${name.slice(0, 100)}`)
  return names
}

interface GroupedResources {
  readonly group: Readonly<Record<string, string | null>>
  readonly members: GnocchiResource[]
}

/** In the order of their values. */
export function groupsBy(
  resources: readonly GnocchiResource[],
  names: readonly string[],
): readonly GroupedResources[] {
  const groups = new Map<string, GroupedResources>()
  for (const one of resources) {
    const fields = resourceFields(one)
    const values = names.map(name => fields[name] ?? one.attributes[name] ?? null)
    const key = JSON.stringify(values)
    const group = groups.get(key) ?? {
      group: Object.fromEntries(names.map((name, index) => [name, values[index]!])),
      members: [],
    }
    groups.set(key, group)
    group.members.push(one)
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}
