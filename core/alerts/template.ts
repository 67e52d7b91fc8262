/** Annotations: text with values of the alert in it. */
import type { LabelSet } from './labels.ts'

/** What a template can show. */
export interface TemplateData {
  readonly labels: LabelSet
  /** Null: the rule has no value, or there is no data. */
  readonly value: number | null
}

/** `{{ $labels.host }}`, `{{ $value }}`, and Prometheus' older spelling `{{ .Labels.host }}`, `{{ .Value }}`. */
const PLACE =
  /\{\{-?\s*(?:\$labels\.|\.Labels\.)([a-zA-Z_][a-zA-Z0-9_]*)\s*-?\}\}|\{\{-?\s*(?:\$value|\.Value)\s*(?:\|\s*(\w+)\s*)?-?\}\}/g

const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  percent: value => `${plain(value * 100)} %`,
  round: value => String(Math.round(value)),
  fixed2: value => value.toFixed(2),
}

/** @throws RangeError for a place that this does not know: it would be sent as it stands. */
export function checkTemplate(template: string): void {
  const rest = template.replace(PLACE, (_, label: string | undefined, format: string | undefined) => {
    if (label === undefined && format !== undefined && FORMATS[format] === undefined) {
      throw new RangeError(`${format} is not a format. Use one of ${Object.keys(FORMATS).join(', ')}`)
    }
    return ''
  })
  const unknown = /\{\{[^}]*\}?\}?/.exec(rest)
  if (unknown !== null) {
    throw new RangeError(`${unknown[0]} is not known. Use {{ $labels.NAME }} or {{ $value }}`)
  }
}

/** Values are put in as they are and not read again: a label cannot bring a template of its own. */
export const renderAlertText = (template: string, { labels, value }: TemplateData): string =>
  template.replace(PLACE, (_, label: string | undefined, format: string | undefined) => {
    if (label !== undefined) return labels[label] ?? ''
    if (value === null) return 'no data'
    return (FORMATS[format ?? ''] ?? plain)(value)
  })

/** Six significant digits, without an exponent where that is readable. */
function plain(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  return String(Number(value.toPrecision(6)))
}
