/** Why a part of a request cannot be stored: a closed list, since it labels a counter. */
export type SeriesProblem =
  | 'metric_name_missing'
  | 'label_name_empty'
  | 'label_name_twice'
  | 'label_not_utf8'
  | 'labels_too_many'
  | 'label_too_long'
  | 'symbol_unknown'
  | 'label_refs_odd'
  | 'samples_and_histograms'
  | 'series_too_large'
  | 'histogram_invalid'
  | 'time_in_future'
  | 'time_in_past'

/** Results for the samples, histograms and exemplars of one request. */
export class WriteTally {
  samples = 0
  histograms = 0
  exemplars = 0
  rejected = 0
  readonly reasons = new Map<string, number>()
  /** Description of the first rejected one, for people. */
  example = ''

  /** `describe` is called only for the first. */
  reject(problem: SeriesProblem, items: number, describe: () => string): void {
    if (items === 0) return
    if (this.rejected === 0) this.example = describe()
    this.rejected += items
    this.reasons.set(problem, (this.reasons.get(problem) ?? 0) + items)
  }
}
