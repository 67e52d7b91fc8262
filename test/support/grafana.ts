/**
 * What Grafana's ClickHouse plugin does to a query before sending it (grafana-clickhouse-datasource 4.20: its macros,
 * and Grafana's own variables), and its request. Written from the plugin's documentation, independently of the boards.
 */

export interface PanelRange {
  readonly fromMs: number
  readonly toMs: number
  readonly intervalSeconds: number
}

/** Values selected by a viewer: `All` is the variable's `allValue`, unchanged. */
export type Choices = Readonly<
  Record<string, { readonly all: string } | { readonly values: readonly string[] }>
>

const seconds = (ms: number): number => Math.floor(ms / 1000)

/** @throws if a Grafana expression is left that it would not replace */
export function expandQuery(sql: string, range: PanelRange, choices: Choices): string {
  const { fromMs, toMs, intervalSeconds } = range
  const [from, to] = [`toDateTime(${seconds(fromMs)})`, `toDateTime(${seconds(toMs)})`]
  const expanded = sql
    .replaceAll(/\$\{(\w+):singlequote\}/g, (_, name: string) => quoted(choices[name], name))
    .replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column) => `${column} >= ${from} AND ${column} <= ${to}`)
    .replaceAll(
      /\$__timeInterval\((\w+)\)/g,
      (_, column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalSeconds} second)`,
    )
    .replaceAll('$__interval_s', String(intervalSeconds))
    .replaceAll('$__fromTime', from)
    .replaceAll('$__toTime', to)
  const left = /\$[\w{]\S*/.exec(expanded)?.[0]
  if (left !== undefined) throw new Error(`Grafana does not replace ${left}`)
  return expanded
}

/** Grafana's format `singlequote`: quotes escaped, several values with commas; the text for All is used unchanged. */
function quoted(choice: Choices[string] | undefined, name: string): string {
  if (choice === undefined) throw new Error(`there is no variable ${name}`)
  if ('all' in choice) return choice.all
  return choice.values.map(value => `'${value.replaceAll("'", "\\'")}'`).join(',')
}

/** The request of the plugin's HTTP protocol; `format` Native is what it asks for. */
export function sendAsGrafana(http: string, sql: string, format = 'Native'): Promise<Response> {
  const parameters = new URLSearchParams({
    database: 'wattline',
    default_format: format,
    query_id: crypto.randomUUID(),
    ...(format === 'Native' ? { client_protocol_version: '54460' } : {}),
  })
  return fetch(`${http}/clickhouse/?${parameters}`, { method: 'POST', body: sql })
}
