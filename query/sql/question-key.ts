import { createHash, type Hash } from 'node:crypto'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'

/**
 * A key of fixed length for a text and its parameters, by value: two queries share one only if they are equal. Every
 * piece is preceded by its kind and length, so that none can be mistaken for another.
 */
export function questionKey(
  reach: string,
  text: string,
  params: Readonly<Record<string, QueryParam>>,
): string {
  const hash = createHash('sha256')
  addText(hash, reach)
  addText(hash, text)
  for (const [name, value] of Object.entries(params)) {
    addText(hash, name)
    addValue(hash, value)
  }
  return hash.digest('base64')
}

function addText(hash: Hash, text: string): void {
  hash.update(`s${text.length}:`).update(text)
}

function addValue(hash: Hash, value: QueryParam): void {
  if (typeof value === 'string') addText(hash, value)
  else if (value === null || typeof value !== 'object') hash.update(`${typeof value} ${value};`)
  else if (value instanceof Map) {
    hash.update(`map ${value.size};`)
    for (const [key, item] of value) {
      addValue(hash, key)
      addValue(hash, item)
    }
  } else {
    const items =
      'values' in value && Array.isArray(value.values) ? value.values : [...(value as readonly QueryParam[])]
    hash.update(`${Array.isArray(value) ? 'list' : 'tuple'} ${items.length};`)
    for (const item of items) addValue(hash, item)
  }
}
