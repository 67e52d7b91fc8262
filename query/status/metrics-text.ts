/** Prometheus text exposition: a pure writer. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly Sample[]
}

export interface Sample {
  /** In exposition form, `a="x",b="y"`; '' for none. */
  readonly labels: string
  readonly value: number
}

const help = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

/** Families without samples are left out. */
export function writeMetrics(families: readonly Family[]): string {
  const lines = families
    .filter(family => family.samples.length > 0)
    .flatMap(family => [
      `# HELP ${family.name} ${help(family.help)}`,
      `# TYPE ${family.name} ${family.type}`,
      ...family.samples.map(
        sample => `${family.name}${sample.labels === '' ? '' : `{${sample.labels}}`} ${sample.value}`,
      ),
    ])
  return `${lines.join('\n')}\n`
}

/** Labels in exposition form. */
export const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')
