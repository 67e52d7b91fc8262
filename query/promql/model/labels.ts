/** Label sets of series. */

/**
 * A label set: name, value, name, value, ... sorted by name, without empty values. The name of the metric is the label `__name__`.
 * Two label sets of one query that are the same object are equal; equal ones need not be the same object: compare {@link keyOf}.
 */
export type Labels = readonly string[]

export const NAME = '__name__'

/** Labels that describe the metric itself. Functions and operators that change the meaning of values drop them. */
const METADATA: readonly string[] = [NAME, '__type__', '__unit__']

export const isMetadata = (name: string): boolean => METADATA.includes(name)

const SURROGATES = /[\ud800-\udfff]/

/** Order of the UTF-8 bytes of two strings. It differs from the order of UTF-16 only where a surrogate is involved. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  if (!SURROGATES.test(a) && !SURROGATES.test(b)) return a < b ? -1 : 1
  const [left, right] = [[...a], [...b]]
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** The label set of a record: sorted, without empty values. */
export function labelsOf(record: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(record).filter(name => record[name] !== '')
  return names.toSorted(compareText).flatMap(name => [name, record[name] ?? ''])
}

export function recordOf(labels: Labels): Record<string, string> {
  const record: Record<string, string> = {}
  for (let index = 0; index < labels.length; index += 2) record[labels[index] ?? ''] = labels[index + 1] ?? ''
  return record
}

/** The value of a label, '' where the set does not have it. */
export function labelValue(labels: Labels, name: string): string {
  for (let index = 0; index < labels.length; index += 2)
    if (labels[index] === name) return labels[index + 1] ?? ''
  return ''
}

const keys = new WeakMap<Labels, string>()

/** A text that is the same for equal label sets only. (A lone surrogate is in no text that was decoded from UTF-8.) */
export function keyOf(labels: Labels): string {
  let key = keys.get(labels)
  if (key === undefined) {
    key = labels.join('\ud800')
    keys.set(labels, key)
  }
  return key
}

/** Order of results: by the first label in which they differ, its name first, then its value. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareText(a[index] ?? '', b[index] ?? '')
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** The labels whose name passes. */
export function filterLabels(labels: Labels, keep: (name: string) => boolean): Labels {
  const kept: string[] = []
  for (let index = 0; index < labels.length; index += 2) {
    const name = labels[index] ?? ''
    if (keep(name)) kept.push(name, labels[index + 1] ?? '')
  }
  return kept.length === labels.length ? labels : kept
}

/** The labels with some changed: an empty value removes a label. */
export function withLabels(labels: Labels, changes: Readonly<Record<string, string>>): Labels {
  return labelsOf({ ...recordOf(labels), ...changes })
}

const dropped = new WeakMap<Labels, Labels>()

/** The labels without the metric's name, type and unit. */
export function dropMetadata(labels: Labels): Labels {
  let result = dropped.get(labels)
  if (result === undefined) {
    result = filterLabels(labels, name => !isMetadata(name))
    dropped.set(labels, result)
  }
  return result
}

/** As the language writes it: `name{a="1"}`. */
export function formatLabels(labels: Labels): string {
  const { [NAME]: name = '', ...others } = recordOf(labels)
  const pairs = Object.entries(others).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return name !== '' && pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`
}
