/** Comparisons of TraceQL as SQL: a field that a span does not have fits none of them. */
import { RE2JS } from 're2js'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { SPAN_KINDS, SPAN_STATUS_CODES } from '../../core/model/streams/traces.ts'
import { tableName } from '../fence/tables.ts'
import { type BoundValues, WITHIN } from '../traces/conditions.ts'
import { kindTexts } from '../traces/names.ts'
import type { ComparisonOperator, Field, Intrinsic, Literal } from './traceql.ts'

interface Compared {
  readonly field: Field
  readonly op: ComparisonOperator
  readonly value: Literal
}

const SPANS = tableName('otel_traces')

/** @throws WattlineError `parameter_invalid` when the value does not fit the field */
export function comparisonSql({ field, op, value }: Compared, values: BoundValues): string {
  if (field.kind === 'intrinsic') return intrinsicSql(field.name, op, value, values)
  const key = values.add(field.name)
  const inMap = (map: string): string => {
    const has = `mapContains(${map}, ${key})`
    if (value.kind === 'nil') return has
    return `${has} AND ${valueSql(`${map}[${key}]`, op, value, values)}`
  }
  const found = foundSql(field.scope, key, inMap)
  if (value.kind !== 'nil') return found
  if (op === '!=') return found
  if (op === '=') return `NOT (${found})`
  throw mismatch(op, value)
}

function foundSql(
  scope: Extract<Field, { kind: 'attribute' }>['scope'],
  key: string,
  inMap: (map: string) => string,
): string {
  switch (scope) {
    case 'span':
      return inMap('SpanAttributes')
    case 'resource':
      return inMap('ResourceAttributes')
    case 'event':
      return `arrayExists(one -> ${inMap('one')}, \`Events.Attributes\`)`
    case 'link':
      return `arrayExists(one -> ${inMap('one')}, \`Links.Attributes\`)`
    default:
      return `(${inMap('SpanAttributes')}) OR (NOT mapContains(SpanAttributes, ${key}) AND ${inMap('ResourceAttributes')})`
  }
}

/** A value as text, compared as what the literal is. */
function valueSql(text: string, op: ComparisonOperator, value: Literal, values: BoundValues): string {
  switch (value.kind) {
    case 'number':
    case 'duration':
      if (op === '=~' || op === '!~') throw mismatch(op, value)
      return `ifNull(toFloat64OrNull(${text}) ${op} ${values.add(value.value, 'Float64')}, 0)`
    case 'bool':
      if (op !== '=' && op !== '!=') throw mismatch(op, value)
      return `${text} IN ('true', 'false') AND ${text} ${op} '${value.value}'`
    case 'text':
    case 'word':
      return textSql(text, op, value.value, values)
    default:
      throw mismatch(op, value)
  }
}

function textSql(text: string, op: ComparisonOperator, value: string, values: BoundValues): string {
  if (op !== '=~' && op !== '!~') return `${text} ${op} ${values.add(value)}`
  const pattern = values.add(anchored(value))
  return op === '=~' ? `match(${text}, ${pattern})` : `NOT match(${text}, ${pattern})`
}

/** Patterns fit the whole text. Checked here, since the engine would refuse the whole statement. */
function anchored(pattern: string): string {
  const whole = `^(?s:${pattern})$`
  try {
    RE2JS.compile(whole)
  } catch (error) {
    throw new WattlineError(
      'parameter_invalid',
      `TraceQL: ${pattern.slice(0, 100)} is not a regular expression of RE2 (${(error as Error).message}).`,
    )
  }
  if (whole.length > LONGEST_PATTERN)
    throw new WattlineError(
      'parameter_invalid',
      `TraceQL: a pattern has more than ${LONGEST_PATTERN} characters.`,
    )
  return whole
}

const LONGEST_PATTERN = 1_000

const TEXTS: Readonly<Partial<Record<Intrinsic, string>>> = {
  name: 'SpanName',
  statusMessage: 'StatusMessage',
  spanId: 'SpanId',
  parentId: 'ParentSpanId',
  traceId: 'TraceId',
  scopeName: 'ScopeName',
  scopeVersion: 'ScopeVersion',
}
const LISTS: Readonly<Partial<Record<Intrinsic, string>>> = {
  eventName: '`Events.Name`',
  linkTraceId: '`Links.TraceId`',
  linkSpanId: '`Links.SpanId`',
}
const IDS: readonly Intrinsic[] = ['spanId', 'parentId', 'traceId', 'linkTraceId', 'linkSpanId']

function intrinsicSql(name: Intrinsic, op: ComparisonOperator, value: Literal, values: BoundValues): string {
  if (name === 'duration') return `Duration ${ordered(op, value)} ${values.add(nanos(op, value), 'Float64')}`
  if (name === 'status') return wordSql('StatusCode', op, value, values, SPAN_STATUS_CODES, statusTexts)
  if (name === 'kind') return wordSql('SpanKind', op, value, values, SPAN_KINDS, kindTexts)
  if (name === 'traceDuration') {
    const length =
      'max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) - min(toUnixTimestamp64Nano(Timestamp))'
    return inTraces(
      `1 GROUP BY TraceId HAVING ${length} ${ordered(op, value)} ${values.add(nanos(op, value), 'Float64')}`,
    )
  }
  if (value.kind === 'nil') return nilSql(name, op, value)
  if (value.kind !== 'text') throw mismatch(op, value)
  const text = IDS.includes(name) ? value.value.toLowerCase() : value.value
  if (name === 'rootName' || name === 'rootServiceName') {
    const column = name === 'rootName' ? 'SpanName' : 'ServiceName'
    return inTraces(`ParentSpanId = '' AND ${textSql(column, op, text, values)}`)
  }
  const list = LISTS[name]
  if (list !== undefined) return `arrayExists(one -> ${textSql('one', op, text, values)}, ${list})`
  const column = TEXTS[name] ?? 'SpanName'
  return textSql(column, op, name === 'traceId' && op === '=' ? text.padStart(32, '0') : text, values)
}

/** Only parents and lists can be missing. */
function nilSql(name: Intrinsic, op: ComparisonOperator, value: Literal): string {
  if (op !== '=' && op !== '!=') throw mismatch(op, value)
  const list = LISTS[name]
  const exists = list === undefined ? `${TEXTS[name] ?? 'SpanName'} != ''` : `notEmpty(${list})`
  return op === '!=' ? exists : `NOT (${exists})`
}

const inTraces = (condition: string): string =>
  `TraceId IN (SELECT TraceId FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND ${condition})`

function ordered(op: ComparisonOperator, value: Literal): string {
  if (op === '=~' || op === '!~') throw mismatch(op, value)
  return op
}

function nanos(op: ComparisonOperator, value: Literal): number {
  if (value.kind !== 'duration' && value.kind !== 'number') throw mismatch(op, value)
  return value.value
}

const statusTexts = (code: number): readonly string[] => {
  const name = SPAN_STATUS_CODES[code] ?? 'Unset'
  return [name, `STATUS_CODE_${name.toUpperCase()}`]
}

function wordSql(
  column: string,
  op: ComparisonOperator,
  value: Literal,
  values: BoundValues,
  words: readonly string[],
  textsOf: (index: number) => readonly string[],
): string {
  const word = value.kind === 'word' || value.kind === 'text' ? value.value : ''
  const index = words.findIndex(one => one.toLowerCase() === word)
  if (index < 0 || (op !== '=' && op !== '!=')) {
    throw new WattlineError(
      'parameter_invalid',
      `TraceQL: ${op} ${word} does not fit; use = or != with one of ${words.map(one => one.toLowerCase()).join(', ')}.`,
    )
  }
  return `${column} ${op === '=' ? 'IN' : 'NOT IN'} ${values.add(textsOf(index), 'Array(String)')}`
}

/** A field as a number; null where a span has none. Durations are nanoseconds. */
export function numberSql(field: Field, values: BoundValues): string {
  if (field.kind === 'intrinsic') {
    if (field.name === 'duration') return 'toFloat64(Duration)'
    throw new WattlineError('parameter_invalid', `TraceQL: ${field.name} is not a number.`)
  }
  const text = attributeTextSql(field, values)
  return `toFloat64OrNull(${text})`
}

/** An attribute as text; '' where a span has none. */
export function attributeTextSql(field: Extract<Field, { kind: 'attribute' }>, values: BoundValues): string {
  const key = values.add(field.name)
  switch (field.scope) {
    case 'span':
      return `SpanAttributes[${key}]`
    case 'resource':
      return `ResourceAttributes[${key}]`
    case 'event':
      return `arrayFirst(one -> mapContains(one, ${key}), \`Events.Attributes\`)[${key}]`
    case 'link':
      return `arrayFirst(one -> mapContains(one, ${key}), \`Links.Attributes\`)[${key}]`
    default:
      return `if(mapContains(SpanAttributes, ${key}), SpanAttributes[${key}], ResourceAttributes[${key}])`
  }
}

/** The letter of the type that an attribute was sent with; '' where it is text. */
export function attributeTypeSql(field: Extract<Field, { kind: 'attribute' }>, values: BoundValues): string {
  const key = values.add(field.name)
  const letter = (map: string, part: number): string =>
    `substring(splitByChar('/', toString(AttributeTypes))[${part}], indexOf(mapKeys(${map}), ${key}), 1)`
  switch (field.scope) {
    case 'span':
      return letter('SpanAttributes', 2)
    case 'resource':
      return letter('ResourceAttributes', 1)
    case 'any':
      return `if(mapContains(SpanAttributes, ${key}), ${letter('SpanAttributes', 2)}, ${letter('ResourceAttributes', 1)})`
    default:
      return "''"
  }
}

const mismatch = (op: ComparisonOperator, value: Literal): WattlineError =>
  new WattlineError(
    'parameter_invalid',
    `TraceQL: ${op} does not fit ${value.kind === 'nil' ? 'nil' : `the ${value.kind} ${String(value.value).slice(0, 100)}`} here.`,
  )
