import { z } from 'zod'
import { STREAMS } from '../../core/model/streams/index.ts'
import { configSchema } from '../../core/runtime/config/schema.ts'
import { ERRORS } from '../../core/runtime/errors.ts'
import { EVENTS } from '../../core/runtime/events.ts'

/**
 * The reference pages, rendered from the catalogues in the code, so that the two cannot disagree. `npm run docs` writes
 * them; a test fails when a page is not what its catalogue says.
 */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['errors.md', errorsPage()],
    ['configuration.md', configurationPage()],
    ['metrics.md', metricsPage()],
    ['streams.md', streamsPage()],
  ])
}

const NOTE = 'This page is written by `npm run docs` from the catalogue in the code.'

const cell = (text: string): string => text.replaceAll('|', '\\|')

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(headings), `|${headings.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { disposition, status, remedy }]) => [
    `\`${code}\``,
    disposition,
    String(status),
    remedy,
  ])
  return `# Errors\n\n${NOTE}\n\nEvery error prints as \`code: what is wrong. what to do\`. The disposition says what becomes of the work: \`retry\` later, \`reject\` this input, \`quarantine\` the record, \`stop\` the component.\n\n${table(['code', 'disposition', 'HTTP status', 'what to do'], rows)}\n`
}

interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly const?: unknown
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

function configurationPage(): string {
  const rows: string[][] = []
  collectKeys(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode, '', rows)
  return `# Configuration\n\n${NOTE}\n\nYAML in \`wattline.yaml\` or the file given by \`--config\`. Each key can also be set from the environment: \`WATTLINE_\` and the path in upper case joined by \`_\` (\`listen.otlp_http\` is \`WATTLINE_LISTEN_OTLP_HTTP\`); environment over file over default. Unknown keys are errors. A value may be \`\${file:PATH}\` or \`\${env:NAME}\`. \`wattline check\` lists every problem at once.\n\n${table(['key', 'type', 'default', 'what it is for'], rows)}\n`
}

function collectKeys(node: SchemaNode, path: string, rows: string[][]): void {
  if (node.properties !== undefined) {
    for (const [key, child] of Object.entries(node.properties)) {
      collectKeys(child, path === '' ? key : `${path}.${key}`, rows)
    }
    return
  }
  const fallback = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``
  rows.push([`\`${path}\``, typeName(node), fallback, node.description ?? ''])
  if (node.items?.properties !== undefined) collectKeys(node.items, `${path}[]`, rows)
}

function typeName(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map(value => `\`${String(value)}\``).join(', ')
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.anyOf !== undefined) return node.anyOf.map(typeName).join(' or ')
  return node.type ?? 'any'
}

function metricsPage(): string {
  const rows: string[][] = []
  for (const [event, declaration] of Object.entries(EVENTS)) {
    if (!('counter' in declaration)) continue
    const { name, help, labels } = declaration.counter
    rows.push([`\`${name}\``, labels.map(label => `\`${label}\``).join(', '), help, `\`${event}\``])
  }
  return `# Metrics\n\n${NOTE}\n\nCounters at \`/metrics\`, each raised by one typed event.\n\n${table(['counter', 'labels', 'what it counts', 'event'], rows)}\n`
}

function streamsPage(): string {
  const parts = STREAMS.map(stream => {
    const rows = stream.columns.map(({ name, kind, ...rest }) => [
      `\`${name}\``,
      'list' in rest ? `list of ${kind}` : kind,
    ])
    const where =
      stream.table === undefined
        ? 'No table: it lives in the log only.'
        : `Table \`wattline.${stream.table.name}\`.`
    const key = stream.key === 'none' ? 'round robin' : 'tenant and host'
    return `## ${stream.name}\n\n${where} Partitioned by: ${key}.\n\n${table(['column', 'kind'], rows)}\n`
  })
  return `# Streams and tables\n\n${NOTE}\n\n${parts.join('\n')}`
}
