/** Resources, metrics and measures as Gnocchi's API shows them. */

import { measureTime, resourceTime } from '../../shared/times.ts'
import type { Measures } from '../measures/read.ts'
import { POLICY } from '../model/policy.ts'
import type { GnocchiMetric, GnocchiResource } from '../model/resource.ts'

const createdBy = (creator: string) => {
  const [user = '', ...project] = creator.split(':')
  return { created_by_user_id: user, created_by_project_id: project.join(':') }
}

/** Attributes of every resource, as they are compared and sorted by. */
export const resourceFields = (resource: GnocchiResource): Readonly<Record<string, string | null>> => ({
  id: resource.id,
  creator: resource.creator,
  started_at: resourceTime(resource.startedMs),
  revision_start: resourceTime(resource.startedMs),
  ended_at: resource.endedMs === null ? null : resourceTime(resource.endedMs),
  user_id: resource.userId,
  project_id: resource.projectId,
  original_resource_id: resource.original,
  type: resource.type,
  revision_end: null,
})

const plainResource = (resource: GnocchiResource): object => ({
  ...resourceFields(resource),
  ...createdBy(resource.creator),
})

interface ResourceOptions {
  /** With the attributes of its type. */
  readonly isDetailed: boolean
  /** Only these members; empty: all. */
  readonly members: readonly string[]
}

/** A resource with its metrics. */
export function resourceShape(
  resource: GnocchiResource,
  { isDetailed, members }: ResourceOptions,
): Readonly<Record<string, unknown>> {
  const shape: Readonly<Record<string, unknown>> = {
    ...plainResource(resource),
    ...(isDetailed ? resource.attributes : {}),
    metrics: Object.fromEntries([...resource.metrics.values()].map(({ name, id }) => [name, id])),
  }
  if (members.length === 0) return shape
  return Object.fromEntries(Object.entries(shape).filter(([name]) => members.includes(name)))
}

/** A metric in a list. */
export const listedMetric = ({ id, name, unit, resource }: GnocchiMetric): object => ({
  id,
  creator: resource.creator,
  name,
  unit,
  resource_id: resource.id,
  archive_policy: POLICY,
  ...createdBy(resource.creator),
})

/** A metric by itself. */
export const metricShape = ({ id, name, unit, resource }: GnocchiMetric): object => ({
  id,
  creator: resource.creator,
  name,
  unit,
  resource: plainResource(resource),
  archive_policy: POLICY,
  ...createdBy(resource.creator),
})

/** Measures as lists of time, granularity in seconds, value. Values that are not numbers are null. */
export const measuresShape = ({ times, values }: Measures, granularityMs: number): readonly unknown[] =>
  times.map((at, index) => [measureTime(at), granularityMs / 1000, values[index]])
