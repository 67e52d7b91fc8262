/** Names and values of labels, or of attributes rendered as text. */
export type Labels = Readonly<Record<string, string>>

/** Labels in Prometheus' exposition form, `a="x",b="y"`. It escapes three characters and no other: a tab stands as it is. */
export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.toWellFormed().replace(/[\\"\n]/g, escaped)}"`)
    .join(',')

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`)
