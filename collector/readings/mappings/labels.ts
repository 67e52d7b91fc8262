import type { LabelMap } from '../../../core/model/label-text.ts'

/** A scrape without `honor_labels` renames the exporter's own label to `exported_x` and uses the target's instead. */
export const own = (labels: LabelMap, ...names: readonly string[]): string => {
  for (const name of names) {
    const value = labels[`exported_${name}`] || labels[name]
    if (value) return value
  }
  return ''
}
