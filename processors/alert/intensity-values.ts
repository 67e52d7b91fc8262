/** Grid intensity in force as values: of every zone that has values by time. */
import type { AlertSample } from '../../core/alerts/rule.ts'
import type { IntensityBook } from '../../core/factors/intensity-book.ts'
import { INTENSITY_KINDS } from '../../core/factors/intensity-values.ts'
import { decimalText } from '../../core/model/decimal.ts'

/** A zone whose values have ended has none: what holds of it then is a yearly average, which no alert should follow. */
export function intensitySamples(book: IntensityBook, at: number): readonly AlertSample[] {
  const zones = new Set(book.series.flatMap(([first]) => (first === undefined ? [] : [first.zone])))
  return [...zones].toSorted().flatMap(zone =>
    INTENSITY_KINDS.flatMap(kind => {
      const [found] = book.between(zone, kind, at, at + 1)
      return found === undefined ? [] : [{ labels: { zone, kind }, value: Number(decimalText(found.value)) }]
    }),
  )
}
