import { z } from 'zod'
import { environmentName } from '../../core/catalogue/config/environment.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { ERRORS } from '../../core/catalogue/errors/errors.ts'
import { EVENTS } from '../../core/catalogue/events/events.ts'
import { OWN_METRICS } from '../../query/status/own-metrics.ts'
import { answerSchemas } from './answer-types.ts'
import { limitsPage } from './limits-page.ts'
import { mappingsPage } from './mappings-page.ts'
import { NOTE, table } from './markdown.ts'
import { streamsPage } from './streams-page.ts'

/**
 * The reference pages, and the schemas of answers, generated from the catalogues and types in the code, so that the two cannot disagree. `npm run docs`
 * writes them; a test fails when a page differs from its catalogue.
 */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['errors.md', errorsPage()],
    ['configuration.md', configurationPage()],
    ['metrics.md', metricsPage()],
    ['streams.md', streamsPage()],
    ['mappings.md', mappingsPage()],
    ['../limits.md', limitsPage()],
    ['../../query/openapi/answers.json', answersFile()],
  ])
}

/** One type a line. */
const answersFile = (): string =>
  `{\n${Object.entries(answerSchemas())
    .map(([name, schema]) => `  ${JSON.stringify(name)}: ${JSON.stringify(schema)}`)
    .join(',\n')}\n}\n`

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
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly const?: unknown
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
}

function configurationPage(): string {
  const rows: string[][] = []
  collectKeys(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode, '', rows)
  return `# Configuration\n\n${NOTE}\n\nYAML in \`wattline.yaml\` or the file given by \`--config\`. Each key can also be set by its environment variable; lists there are separated by commas, or are YAML. Environment over file over default. (\`WATTLINE_URL\` and \`WATTLINE_TOKEN\` are no keys: they tell \`wattline top\`, \`usage\`, \`sql\` and others which instance to ask, and by which token.) Unknown keys are errors. A value may be \`\${file:PATH}\` or \`\${env:NAME}\`. \`wattline check\` lists every problem at once.\n\n${table(['key', 'environment variable', 'type', 'default', 'what it is for'], rows)}\n`
}

function collectKeys(node: SchemaNode, path: string, rows: string[][]): void {
  if (node.properties !== undefined) {
    for (const [key, child] of Object.entries(node.properties)) {
      collectKeys(child, path === '' ? key : `${path}.${key}`, rows)
    }
    return
  }
  const fallback = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``
  // Keys of list items, and of what has a name, have no variable: only the whole has one.
  const variable = /\[\]|<name>/.test(path) ? '' : `\`${environmentName(path)}\``
  rows.push([`\`${path}\``, variable, typeName(node), fallback, node.description ?? ''])
  if (node.items?.properties !== undefined) collectKeys(node.items, `${path}[]`, rows)
  const each = node.additionalProperties
  if (typeof each === 'object' && each.properties !== undefined) collectKeys(each, `${path}.<name>`, rows)
}

function typeName(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map(value => `\`${String(value)}\``).join(', ')
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.anyOf !== undefined) return node.anyOf.map(typeName).join(' or ')
  return [node.type ?? 'any'].flat().join(' or ')
}

function metricsPage(): string {
  const list = (labels: readonly string[]): string => labels.map(label => `\`${label}\``).join(', ')
  const counters = Object.entries(EVENTS).flatMap(([event, declaration]) => {
    if (!('counter' in declaration)) return []
    const { name, help, labels } = declaration.counter
    return [[`\`${name}\``, list(labels), help, `\`${event}\``]]
  })
  const own = Object.entries(OWN_METRICS).map(([name, { type, labels, help }]) => [
    `\`${name}\``,
    type,
    list(labels),
    help,
  ])
  return [
    `# Metrics\n\n${NOTE}\n`,
    'All are at `/metrics`. A counter appears once it has counted something.\n',
    '## Raised by events\n',
    'Counters, each raised by one typed event, which is also the `msg` of its log line.\n',
    `${table(['counter', 'labels', 'what it counts', 'event'], counters)}\n`,
    '## This process and its log\n',
    `${table(['metric', 'type', 'labels', 'what it says'], own)}\n`,
  ].join('\n')
}
