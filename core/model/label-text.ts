/** Labels in Prometheus' exposition form, `a="x",b="y"`. It escapes three characters and no other: a tab stands as it is. */
export const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.toWellFormed().replace(/[\\"\n]/g, escaped)}"`)
    .join(',')

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`)
