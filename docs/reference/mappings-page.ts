import { READERS } from '../../core/mappings/readers.ts'
import type { BuiltInRow, TemplateText } from '../../core/mappings/row.ts'
import { BUILT_IN_ROWS } from '../../core/mappings/table/table.ts'
import { NOTE, table } from './markdown.ts'

/** Every metric that becomes a reading without configuration. */
export function mappingsPage(): string {
  const sources = Map.groupBy(BUILT_IN_ROWS, row => row.source)
  return [
    `# Mappings\n\n${NOTE}`,
    'Metrics that become readings without configuration, from any endpoint: OTLP, remote write, scraping. [mappings.md](../mappings.md) explains the columns and how to add metrics. Of the rows of one metric the first that applies counts.',
    ...[...sources].map(([source, rows]) => sourcePart(source, rows)),
  ]
    .join('\n\n')
    .concat('\n')
}

const code = (text: string): string => `\`${text}\``
const texts = (text: TemplateText): string => [text].flat().map(code).join(' or ')

function sourcePart(source: string, rows: readonly BuiltInRow[]): string {
  const lines = rows.map(row => [
    code(row.metric),
    row.quantity,
    code(row.scale === undefined ? row.unit : `${row.scale} ${row.unit}`),
    conditionsOf(row),
    placeOf(row),
    row.host === undefined ? '' : texts(row.host),
  ])
  return `## ${source}\n\n${table(['metric', 'quantity', 'unit', 'when', 'place or workload', 'host'], lines)}`
}

const conditionsOf = ({ when = {} }: BuiltInRow): string =>
  Object.entries(when)
    .map(([label, text]) => `${code(label)} ${text.startsWith('/') ? 'matches' : 'is'} ${code(text)}`)
    .join(', ')

function placeOf({ reader, domain, device, workload }: BuiltInRow): string {
  return [
    ...(domain === undefined ? [] : [texts(domain)]),
    ...(device === undefined ? [] : [`device ${texts(device)}`]),
    ...(workload === undefined ? [] : [`${workload.kind} ${texts(workload.id)}`]),
    ...(reader === undefined ? [] : [READERS[reader]]),
  ].join('; ')
}
