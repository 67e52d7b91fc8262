/** Names and values of labels, or of attributes rendered as text. */
export type LabelMap = Readonly<Record<string, string>>

/**
 * Labels in Prometheus' exposition form, `a="x",b="y"`. The text format and OpenMetrics escape only backslash, double
 * quote and line feed. Readers keep the backslash of any other escape, so a tab written as `\t` would be read as two
 * characters. Tabs, carriage returns and other control characters are written unchanged.
 */
export const labelText = (labels: LabelMap): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.toWellFormed().replace(/[\\"\n]/g, escaped)}"`)
    .join(',')

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`)
