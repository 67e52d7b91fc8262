// Guarantees: an insert names its columns, stores ids as hex, has its token escaped, and accepts a record of an older
// shape but not of another stream.
import { describe, expect, it } from 'vitest'
import { energy, logs } from '../../../core/model/streams/index.ts'
import { column, list } from '../../../core/model/streams/stream.ts'
import { insertFromFile, narrowedTo, storedExpression } from '../../../core/warehouse/insert.ts'

it.each([
  [column('Name', 'string'), '`Name`'],
  [column('TraceId', 'traceId'), "ifNull(lower(hex(`TraceId`)), '')"],
  [list('Links.SpanId', 'spanId'), "arrayMap(id -> ifNull(lower(hex(id)), ''), `Links.SpanId`)"],
  [list('Links.Name', 'string'), '`Links.Name`'],
])('%o is stored as %s', (declared, expected) => {
  expect(storedExpression(declared)).toBe(expected)
})

describe('insertFromFile', () => {
  const text = insertFromFile(logs, "/tmp/it's.arrow.zst", "logs/0/1'; DROP")
  it('names as many columns as it selects, in the same order', () => {
    const names = /INSERT INTO `wattline`.`otel_logs` \((.*)\)\n/.exec(text)![1]!.split(', ')
    expect(names).toEqual(logs.columns.map(({ name }) => `\`${name}\``))
  })
  it('escapes token and path', () => {
    expect(text).toContain("insert_deduplication_token = 'logs/0/1\\'; DROP'")
    expect(text).toContain("FROM file('/tmp/it\\'s.arrow.zst', 'ArrowStream', ")
  })
  it('lets the engine refuse what it cannot deduplicate', () => {
    expect(text).toContain("deduplicate_insert_select = 'force_enable'")
    expect(text).toContain('max_threads = 1')
  })
  it('is not available for streams without a table', () => {
    expect(() => insertFromFile(energy, '/x', 't')).toThrow(TypeError)
  })
})

describe('narrowedTo', () => {
  const names = logs.columns.map(({ name }) => name)
  it('leaves out the columns that the record lacks', () => {
    const present = names.filter(name => name !== 'EventName')
    expect(narrowedTo(logs, new Set(present))?.columns.map(({ name }) => name)).toEqual(present)
  })
  it.each([
    ['a column of another stream', [...names.slice(1), 'Strange']],
    ['nothing in common', ['Strange']],
    ['no columns', []],
  ])('refuses %s', (_what, present) => {
    expect(narrowedTo(logs, new Set(present))).toBeNull()
  })
})
