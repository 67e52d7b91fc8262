/** What OpenCost calls properties of an allocation, as expressions over the ledger. */
import { invalid } from '../http/parameters.ts'
import type { Condition } from './filter.ts'

/** Key of an allocation that lacks the property. */
export const UNALLOCATED = '__unallocated__'
/** Key of idle energy that no workload takes. */
export const IDLE = '__idle__'

/** Makes a value of the caller a parameter of the statement, and returns its placeholder. */
export type Bind = (value: string) => string

const label = (name: string): string => `Labels['${name}']`
const first = (...expressions: readonly string[]): string =>
  expressions.reduceRight((rest, expression) => `if(${expression} != '', ${expression}, ${rest})`)

/** Properties that an allocation has once; '' where it does not have it. */
export const PROPERTIES = {
  cluster: label('k8s.cluster.name'),
  node: first(label('k8s.node.name'), 'HostName', 'Host'),
  namespace: 'Namespace',
  controllerKind: `lower(${label('k8s.owner.kind')})`,
  controller: label('k8s.owner.name'),
  pod: label('k8s.pod.name'),
  container: first(label('k8s.container.name'), 'WorkloadName', 'WorkloadId'),
  service: first(label('k8s.service.name'), label('service.name')),
  providerID: first(label('cloud.resource_id'), label('host.id')),
  account: 'Account',
  zone: 'Zone',
} as const
/** One of them. */
export type Property = keyof typeof PROPERTIES

/** Name of a label in Kubernetes as Prometheus, and so OpenCost, writes it. */
export const sanitized = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_]/g, '_')

/** Of OpenCost's words for labels: its default names. */
const ALIASES: Readonly<Record<string, string>> = {
  department: 'department',
  environment: 'env',
  owner: 'owner',
  product: 'app',
  team: 'team',
}
const KINDS = ['deployment', 'statefulset', 'daemonset', 'job'] as const

/** Prefix of a label in the ledger, by the field that OpenCost has for it. */
export const MAP_PREFIXES = {
  label: 'k8s.pod.label.',
  annotation: 'k8s.pod.annotation.',
  namespaceLabel: 'k8s.namespace.label.',
} as const
/** A property with a key. */
export type MapProperty = keyof typeof MAP_PREFIXES

/**
 * Value of a label by its name in Kubernetes or in Prometheus; '' where there is none. Labels that account rules and agents set have no
 * prefix: they count as labels of the workload.
 */
function mapValue(kind: MapProperty, name: string, bind: Bind): string {
  const prefix = MAP_PREFIXES[kind]
  const exact = `Labels[concat('${prefix}', ${bind(name)})]`
  const similar = `Labels[arrayFirst(k -> startsWith(k, '${prefix}') AND replaceRegexpAll(substring(k, ${prefix.length + 1}), '[^a-zA-Z0-9_]', '_') = ${bind(sanitized(name))}, mapKeys(Labels))]`
  return kind === 'label' ? first(exact, similar, `Labels[${bind(name)}]`) : first(exact, similar)
}

/** Words of `aggregate` without a key. */
export const AGGREGATE_WORDS: readonly string[] = [
  ...Object.keys(PROPERTIES),
  ...KINDS,
  ...Object.keys(ALIASES),
]

/** A word of `aggregate`, in the spelling of OpenCost. @throws WattlineError `parameter_invalid` */
export function parseAggregate(text: string): string {
  const trimmed = text.trim()
  const found = /^(label|annotation|namespaceLabel):(.+)$/i.exec(trimmed)
  if (found !== null) {
    const kind = Object.keys(MAP_PREFIXES).find(name => name.toLowerCase() === found[1]!.toLowerCase())!
    return `${kind}:${found[2]!.trim()}`
  }
  const word = AGGREGATE_WORDS.find(name => name.toLowerCase() === trimmed.toLowerCase())
  if (word !== undefined) return word
  throw invalid('aggregate', text, `one of ${AGGREGATE_WORDS.join(', ')}, label:NAME, annotation:NAME`)
}

/** The part of an allocation's name that one word of `aggregate` gives. */
export function nameExpression(word: string, bind: Bind): string {
  const orNone = (expression: string): string => `if(${expression} = '', '${UNALLOCATED}', ${expression})`
  const colon = word.indexOf(':')
  if (colon > 0) return orNone(mapValue(word.slice(0, colon) as MapProperty, word.slice(colon + 1), bind))
  if (word in ALIASES) return orNone(aliasValue(word, bind))
  if (KINDS.some(kind => kind === word)) {
    return `if(${PROPERTIES.controllerKind} = '${word}', ${PROPERTIES.controller}, '${UNALLOCATED}')`
  }
  if (word !== 'controller') return orNone(PROPERTIES[word as Property])
  const named = `if(${PROPERTIES.controllerKind} = '', ${PROPERTIES.controller}, concat(${PROPERTIES.controllerKind}, ':', ${PROPERTIES.controller}))`
  return `if(${PROPERTIES.controller} = '', '${UNALLOCATED}', ${named})`
}

/** A label, else an annotation of that name. */
const aliasValue = (word: string, bind: Bind): string =>
  first(mapValue('label', ALIASES[word]!, bind), mapValue('annotation', ALIASES[word]!, bind))

/** A condition as SQL. */
export function conditionSql(condition: Condition, bind: Bind): string {
  const joined = (some: readonly Condition[], word: string, none: string): string =>
    some.length === 0 ? none : `(${some.map(one => conditionSql(one, bind)).join(` ${word} `)})`
  if ('and' in condition) return joined(condition.and, 'AND', '1')
  if ('or' in condition) return joined(condition.or, 'OR', '0')
  if ('not' in condition) return `(NOT ${conditionSql(condition.not, bind)})`
  const { field, key } = condition
  // A list holds a value or not; of services the books know one.
  const isHeld = field === 'services' && condition.comparison === 'contains'
  const comparison = isHeld ? 'is' : condition.comparison
  // A missing property is compared as what it is called in answers.
  const value = condition.value === UNALLOCATED ? '' : condition.value
  if (field in MAP_PREFIXES) {
    const kind = field as MapProperty
    if (key === '') return anyKey(kind, comparison, value, bind)
    return compared(mapValue(kind, key, bind), comparison, bind(value))
  }
  if (field in ALIASES) return compared(aliasValue(field, bind), comparison, bind(value))
  // Kinds are lower case in answers.
  if (field === 'controllerKind')
    return compared(PROPERTIES.controllerKind, comparison, bind(value.toLowerCase()))
  return compared(PROPERTIES[FIELD_PROPERTIES[field] ?? (field as Property)], comparison, bind(value))
}

const FIELD_PROPERTIES: Readonly<Record<string, Property>> = {
  controllerName: 'controller',
  services: 'service',
  provider: 'providerID',
}

/** Without a key, the keys of a map are compared. */
function anyKey(
  kind: MapProperty,
  comparison: Extract<Condition, { readonly field: string }>['comparison'],
  value: string,
  bind: Bind,
): string {
  const prefix = MAP_PREFIXES[kind]
  const name = `replaceRegexpAll(substring(k, ${prefix.length + 1}), '[^a-zA-Z0-9_]', '_')`
  // OpenCost's "contains" of a map means that it has the key.
  const met = compared(name, comparison === 'contains' ? 'is' : comparison, bind(sanitized(value)))
  return `arrayExists(k -> startsWith(k, '${prefix}') AND ${met}, mapKeys(Labels))`
}

function compared(
  expression: string,
  comparison: Extract<Condition, { readonly field: string }>['comparison'],
  value: string,
): string {
  switch (comparison) {
    case 'is':
      return `(${expression} = ${value})`
    case 'contains':
      return `(position(${expression}, ${value}) > 0)`
    case 'prefix':
      return `startsWith(${expression}, ${value})`
    case 'suffix':
      return `endsWith(${expression}, ${value})`
  }
}
