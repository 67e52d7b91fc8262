/** The filter parameters of before the filter language: `filterNamespaces=shop,bank*`, `filterLabels=app:cart`. */
import { invalid, multiple, type RawQuery } from '../http/parameters.ts'
import type { Condition } from './filter.ts'

type FilterField = Extract<Condition, { readonly field: string }>['field']

/** Parameter and field; values are alternatives, parameters narrow each other, `*` at the end of a value is a prefix. */
const PLAIN: Readonly<Record<string, FilterField>> = {
  filterClusters: 'cluster',
  filterNodes: 'node',
  filterNamespaces: 'namespace',
  filterControllerKinds: 'controllerKind',
  filterPods: 'pod',
  filterContainers: 'container',
  filterServices: 'services',
  filterDepartments: 'department',
  filterEnvironments: 'environment',
  filterOwners: 'owner',
  filterProducts: 'product',
  filterTeams: 'team',
}
const MAPS: Readonly<Record<string, FilterField>> = { filterLabels: 'label', filterAnnotations: 'annotation' }

/** Their names. */
export const OLD_FILTERS = [...Object.keys(PLAIN), ...Object.keys(MAPS), 'filterControllers'] as const

const VALUES_MAX = 500

/** @throws WattlineError `parameter_invalid` */
export function oldFilters(query: RawQuery): readonly Condition[] {
  return OLD_FILTERS.flatMap(name => {
    const values = multiple(query, name)
      .flatMap(text => text.split(','))
      .map(text => text.trim())
      .filter(text => text !== '')
    if (values.length > VALUES_MAX)
      throw invalid(name, `${values.length} values`, `at most ${VALUES_MAX} values`)
    return values.length === 0 ? [] : [{ or: values.map(value => conditionOf(name, value)) }]
  })
}

function conditionOf(name: string, value: string): Condition {
  const plain = PLAIN[name]
  if (plain !== undefined) return compared(plain, '', value)
  const colon = value.indexOf(':')
  if (name === 'filterControllers') {
    if (colon < 1) return compared('controllerName', '', value)
    return {
      and: [
        compared('controllerKind', '', value.slice(0, colon)),
        compared('controllerName', '', value.slice(colon + 1)),
      ],
    }
  }
  if (colon < 1) throw invalid(name, value, 'key:value pairs, such as app:cart')
  return compared(MAPS[name]!, value.slice(0, colon), value.slice(colon + 1))
}

const compared = (field: FilterField, key: string, value: string): Condition =>
  value.endsWith('*')
    ? { field, key, comparison: 'prefix', value: value.slice(0, -1) }
    : { field, key, comparison: 'is', value }
