import { z } from 'zod'
import { parseYaml, type YamlResult } from '../../runtime/yaml.ts'
import type { ConfigProblem } from './problem.ts'
import { configSchema } from './schema.ts'
import { closest } from './suggest.ts'

/** Variables with this prefix are ours; `WATTLINE_TEST_` is left to the test suite. */
const PREFIX = 'WATTLINE_'
const IGNORED_PREFIX = 'WATTLINE_TEST_'
/**
 * They tell commands such as `usage` which instance to query and with which token. They are not settings, but are often
 * set when a process starts.
 */
const FOR_CLIENTS: ReadonlySet<string> = new Set(['WATTLINE_URL', 'WATTLINE_TOKEN'])

interface KeyPath {
  readonly path: readonly string[]
  readonly isList: boolean
  readonly isText: boolean
}

/** Settings from `WATTLINE_<PATH IN UPPER CASE JOINED BY _>`; an unknown name is a problem, as in the file. */
export function environmentSettings(environment: Readonly<Record<string, string | undefined>>): {
  readonly values: Record<string, unknown>
  readonly problems: readonly ConfigProblem[]
} {
  const known = environmentNames()
  const values: Record<string, unknown> = {}
  const problems: ConfigProblem[] = []
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || name.startsWith(IGNORED_PREFIX) || text === undefined) continue
    if (FOR_CLIENTS.has(name)) continue
    const key = known.get(name)
    if (key === undefined) {
      const suggestion = closest(name, [...known.keys()])
      const hint = suggestion === null ? '' : `; did you mean \`${suggestion}\`?`
      problems.push({ path: name, problem: `environment variable for an unknown key${hint}` })
      continue
    }
    const value = readValue(text, key)
    if (value.ok) assign(values, key.path, value.value)
    else problems.push({ path: name, problem: value.problem })
  }
  return { values, problems }
}

/** Every key that the environment can set, by variable name. */
export function environmentNames(): ReadonlyMap<string, KeyPath> {
  const names = new Map<string, KeyPath>()
  collect(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }), [], names)
  return names
}

/** Name of the variable that sets a key: `listen.otlp_http` is `WATTLINE_LISTEN_OTLP_HTTP`. */
export const environmentName = (key: string): string => PREFIX + key.replaceAll('.', '_').toUpperCase()

interface ConfigSchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, ConfigSchemaNode>>
}

function collect(node: unknown, path: readonly string[], names: Map<string, KeyPath>): void {
  const schema = node as ConfigSchemaNode
  if (schema.properties !== undefined) {
    for (const [key, child] of Object.entries(schema.properties)) collect(child, [...path, key], names)
    return
  }
  names.set(environmentName(path.join('.')), {
    path,
    isList: schema.type === 'array',
    isText: schema.type === 'string',
  })
}

/** Strings stay text; numbers and booleans are read as YAML; lists are separated by commas or written as YAML. */
function readValue(text: string, key: KeyPath): YamlResult {
  if (key.isText) return { ok: true, value: text }
  if (!key.isList || text.trimStart().startsWith('[')) return parseYaml(text)
  return { ok: true, value: text.split(',').map(item => item.trim()) }
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) {
    target[head] = value
    return
  }
  const child = (target[head] ?? {}) as Record<string, unknown>
  target[head] = child
  assign(child, rest, value)
}
