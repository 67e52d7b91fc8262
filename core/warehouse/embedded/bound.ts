import { WattlineError } from '../../catalogue/errors/errors.ts'
import { quoteText } from '../tables/column-types.ts'
import type { QueryParam } from '../warehouse.ts'

/**
 * Values for `{name:Type}`, as assignments of a SET statement, which belong to the session. The library's own binding
 * allows only one statement with values at a time in the whole process, however long it takes.
 * @throws parameter_invalid for an invalid name
 */
export const paramAssignments = (params: Readonly<Record<string, QueryParam>>): readonly string[] =>
  Object.entries(params).map(([name, value]) => {
    if (!/^\w+$/.test(name)) {
      throw new WattlineError('parameter_invalid', `${name.slice(0, 100)} is not a parameter name.`)
    }
    return `param_${name} = ${quoteText(paramText(value))}`
  })

/**
 * In the form that the engine parses: tabs and line breaks in text are escaped; composite values are written as in SQL.
 */
function paramText(value: QueryParam): string {
  if (value === null) return '\\N'
  return typeof value === 'string' ? escaped(value) : literal(value)
}

function literal(value: QueryParam): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return quoteText(value)
  if (typeof value !== 'object') return String(value)
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${literal(key)}:${literal(item)}`).join(',')}}`
  }
  if ('values' in value && Array.isArray(value.values)) return `(${value.values.map(literal).join(',')})`
  return `[${(value as readonly QueryParam[]).map(literal).join(',')}]`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

const escaped = (text: string): string => text.replace(/[\\\0\b\f\n\r\t]/g, found => ESCAPES[found] ?? found)
