/** Filters of resources: the JSON form of Gnocchi's query language, and which resources it fits. */

import { spanMs, timestampMs } from '../../shared/times.ts'
import { GnocchiError, invalidInput } from '../model/failure.ts'
import { underNames } from '../model/operator-names.ts'
import type { GnocchiResource } from '../model/resource.ts'
import { typeAttributes } from '../model/types.ts'
import { resourceUuid } from '../model/uuids.ts'
import { fitsSteps, type WildcardStep } from '../model/wildcard-steps.ts'
import { resourceFields } from '../shape/shapes.ts'

/** Whether a resource fits; null: not known, as in SQL, since an attribute is null. */
export type ResourceTest = (resource: GnocchiResource) => boolean | null

/** What a filter is read by. */
export interface FilterSurroundings {
  /** Type whose attributes it may name. */
  readonly type: string
  readonly creator: string
  readonly nowMs: number
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  ...underNames(['=', '==', 'eq'], (order: number) => order === 0),
  ...underNames(['<', 'lt'], (order: number) => order < 0),
  ...underNames(['>', 'gt'], (order: number) => order > 0),
  ...underNames(['<=', '≤', 'le'], (order: number) => order <= 0),
  ...underNames(['>=', '≥', 'ge'], (order: number) => order >= 0),
}
const DIFFERS = ['!=', '≠', 'ne']
const AND = ['and', '∧']
const OR = ['or', '∨']

type FilterScalar = string | number | boolean | null
type FilterValue = string | number | null

/** Filters within filters. */
const DEEPEST = 100

/** @throws GnocchiError for a filter that is not one, and for attributes that the type does not have */
export function resourceTest(tree: unknown, surroundings: FilterSurroundings, depth = 0): ResourceTest {
  if (depth > DEEPEST) throw invalidInput('the filter is nested too deep')
  const found = isObject(tree) ? Object.entries(tree) : []
  if (!isObject(tree) || found.length > 1) throw invalidInput('expected a dictionary with one operator')
  if (found.length === 0) return () => true
  const [operator, operand] = found[0]!
  const inner = (one: unknown): ResourceTest => resourceTest(one, surroundings, depth + 1)
  if (AND.includes(operator) || OR.includes(operator)) {
    if (!Array.isArray(operand) || operand.length === 0)
      throw invalidInput(`expected a list for dictionary value @ data['${operator}']`)
    const tests = operand.map(inner)
    return AND.includes(operator) ? all(tests) : any(tests)
  }
  if (operator === 'not') {
    const test = inner(operand)
    return resource => negated(test(resource))
  }
  if (!isObject(operand) || Object.keys(operand).length !== 1)
    throw invalidInput(`extra keys not allowed @ data['${operator.slice(0, 100)}']`)
  const [attribute, value] = Object.entries(operand)[0]!
  return comparison(operator, attribute, value, surroundings)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const negated = (value: boolean | null): boolean | null => (value === null ? null : !value)

const all =
  (tests: readonly ResourceTest[]): ResourceTest =>
  resource => {
    const found = tests.map(test => test(resource))
    return found.includes(false) ? false : found.includes(null) ? null : true
  }

const any =
  (tests: readonly ResourceTest[]): ResourceTest =>
  resource => {
    const found = tests.map(test => test(resource))
    return found.includes(true) ? true : found.includes(null) ? null : false
  }

function comparison(
  operator: string,
  attribute: string,
  value: unknown,
  surroundings: FilterSurroundings,
): ResourceTest {
  const read = readerOf(attribute, surroundings)
  const wanted = (one: unknown): FilterValue => wantedOf(attribute, one, surroundings)
  const compare = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined
  if (compare !== undefined) {
    const known = wanted(value)
    // Like SQLAlchemy: `= null` asks whether it is null.
    if (known === null) return resource => (compare === COMPARISONS['='] ? read(resource) === null : null)
    return withValue(read, found => compare(found < known ? -1 : found > known ? 1 : 0))
  }
  if (DIFFERS.includes(operator)) {
    const known = wanted(value)
    return resource => read(resource) !== known
  }
  if (operator === 'in') {
    if (!Array.isArray(value) || value.length === 0)
      throw invalidInput("expected a list for dictionary value @ data['in']")
    const known = new Set(value.map(wanted))
    return withValue(read, found => known.has(found))
  }
  if (operator === 'like' && attribute !== 'id') {
    const isLike = likePattern(String(wanted(value) ?? ''))
    return withValue(read, found => isLike(String(found)))
  }
  throw invalidInput(`Unknown operator \`${operator.slice(0, 100)}'`)
}

type ValueReader = (resource: GnocchiResource) => FilterValue

const withValue =
  (read: ValueReader, test: (found: string | number) => boolean): ResourceTest =>
  resource => {
    const found = read(resource)
    return found === null ? null : test(found)
  }

const TIMES: Readonly<Record<string, ValueReader>> = {
  started_at: ({ startedMs }) => startedMs,
  revision_start: ({ startedMs }) => startedMs,
  ended_at: ({ endedMs }) => endedMs,
  revision_end: () => null,
}

function readerOf(attribute: string, { type }: FilterSurroundings): ValueReader {
  if (Object.hasOwn(TIMES, attribute)) return TIMES[attribute]!
  if (attribute === 'lifespan')
    return ({ startedMs, endedMs }) => (endedMs === null ? null : endedMs - startedMs)
  if (attribute === 'created_by_user_id') return ({ creator }) => creator.split(':')[0]!
  if (attribute === 'created_by_project_id') return ({ creator }) => creator.split(':').slice(1).join(':')
  if (BASIC.includes(attribute)) return resource => resourceFields(resource)[attribute] ?? null
  if (typeAttributes(type).includes(attribute)) return ({ attributes }) => attributes[attribute] ?? null
  throw new GnocchiError(400, `Resource type ${type} has no ${attribute.slice(0, 100)} attribute`)
}

const BASIC = ['id', 'creator', 'user_id', 'project_id', 'original_resource_id', 'type']

function wantedOf(attribute: string, value: unknown, { creator, nowMs }: FilterSurroundings): FilterValue {
  if (value === null) return null
  if (!isScalar(value))
    throw invalidInput(`not a value for dictionary value @ data['${attribute.slice(0, 100)}']`)
  const text = String(value)
  const invalid = (): GnocchiError =>
    new GnocchiError(400, `Invalid value: \`${text.slice(0, 100)}' for field \`${attribute.slice(0, 100)}'`)
  if (Object.hasOwn(TIMES, attribute)) {
    const ms = timestampMs(text, nowMs)
    if (ms === undefined) throw invalid()
    return ms
  }
  if (attribute === 'lifespan') {
    const ms = spanMs(text)
    if (ms === undefined) throw invalid()
    return ms
  }
  return attribute === 'id' ? resourceUuid(text, creator) : text
}

const isScalar = (value: unknown): value is Exclude<FilterScalar, null> =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

/** `%` is any text, `_` any character. */
function likePattern(pattern: string): (text: string) => boolean {
  const steps = pattern
    .split('')
    .map((one): WildcardStep => (one === '%' ? 'any' : character => one === '_' || character === one))
  return text => fitsSteps(text.split(''), steps)
}
