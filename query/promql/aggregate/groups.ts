/** Which rows an aggregation takes together. */
import { dropMetadata, filterLabels, keyOf, type Labels } from '../model/labels.ts'

export interface Groups {
  /** The labels of each group, in the order in which rows belong to them first. */
  readonly labels: readonly Labels[]
  /** By row. */
  readonly groupOf: Int32Array
}

export interface LabelGrouping {
  readonly names: readonly string[]
  readonly without: boolean
}

/** The labels of the group that a series belongs to. */
export function groupLabels(labels: Labels, { names, without }: LabelGrouping): Labels {
  if (!without) return filterLabels(labels, name => names.includes(name))
  return filterLabels(dropMetadata(labels), name => !names.includes(name))
}

export function groupsOf(labels: readonly Labels[], grouping: LabelGrouping): Groups {
  const groups: Labels[] = []
  const positions = new Map<string, number>()
  const groupOf = Int32Array.from(labels, each => {
    const group = groupLabels(each, grouping)
    const key = keyOf(group)
    let position = positions.get(key)
    if (position === undefined) {
      position = groups.push(group) - 1
      positions.set(key, position)
    }
    return position
  })
  return { labels: groups, groupOf }
}
