/**
 * Guarantees: the filter language has OpenCost's grammar, errors say where, no input takes more than a bounded time, and no value becomes
 * part of a statement.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Condition, parseFilter } from '../../../query/allocation/filter.ts'
import { oldFilters } from '../../../query/allocation/old-filters.ts'
import { conditionSql } from '../../../query/allocation/properties.ts'

const is = (field: string, value: string, key = ''): Condition =>
  ({ field, key, comparison: 'is', value }) as Condition

describe('a filter', () => {
  it.each<[string, Condition]>([
    ['namespace:"shop"', is('namespace', 'shop')],
    [' namespace : "shop" ', is('namespace', 'shop')],
    ['((namespace:"shop"))', is('namespace', 'shop')],
    ['namespace:"a","b"', { or: [is('namespace', 'a'), is('namespace', 'b')] }],
    ['namespace!:"a","b"', { not: { or: [is('namespace', 'a'), is('namespace', 'b')] } }],
    ['label[app]:"x"', is('label', 'x', 'app')],
    ['namespaceLabel[cost-centre]:"7"', is('namespaceLabel', '7', 'cost-centre')],
    ['label:"app"', { field: 'label', key: '', comparison: 'contains', value: 'app' }],
    ['services:"cart"', { field: 'services', key: '', comparison: 'contains', value: 'cart' }],
    ['pod<~:"web-"', { field: 'pod', key: '', comparison: 'prefix', value: 'web-' }],
    ['pod!~>:"-0"', { not: { field: 'pod', key: '', comparison: 'suffix', value: '-0' } }],
    ['cluster~:"one"', { field: 'cluster', key: '', comparison: 'contains', value: 'one' }],
    ['node:"a"+pod:"b"+pod:"c"', { and: [is('node', 'a'), is('pod', 'b'), is('pod', 'c')] }],
    [
      'node:"a" | (pod:"b" + container:"c") | owner:"d","e"',
      {
        or: [
          is('node', 'a'),
          { and: [is('pod', 'b'), is('container', 'c')] },
          { or: [is('owner', 'd'), is('owner', 'e')] },
        ],
      },
    ],
    [
      'node:"a b c" ,\n\t"d"\r\n+ namespace:"é"',
      { and: [{ or: [is('node', 'a b c'), is('node', 'd')] }, is('namespace', 'é')] },
    ],
    ['  \n ', { and: [] }],
  ])('%s', (text, expected) => expect(parseFilter(text)).toEqual(expected))

  it.each([
    '()',
    'namespace.:"a"',
    '(namespace:"a"))',
    '((namespace:"a")',
    'namespace:"a" | node:"b" + pod:"c"',
    'namespace:"a" + node:"b" | pod:"c"',
    'namespace',
    'namespace:',
    'namespace:shop',
    'namespace:"a',
    'label[app:"x"',
    'nothing:"x"',
    'namespace:"a","b",',
    'namespace:"a" node:"b"',
    '+',
    'namespace;"a"',
  ])('refuses %s', text => expect(() => parseFilter(text)).toThrow(/filter=/))

  it('is refused where it is too long or too deep', () => {
    for (const text of [
      `${'('.repeat(60)}node:"a"${')'.repeat(60)}`,
      `node:${Array(600).fill('"a"').join(',')}`,
      'x'.repeat(20_000),
    ])
      expect(() => parseFilter(text)).toThrow(/filter=/)
  })

  it('never fails otherwise', () => {
    const pieces = [
      'namespace',
      'label',
      '[app]',
      ':',
      '!:',
      '~:',
      '"',
      '"a"',
      '(',
      ')',
      '+',
      '|',
      ',',
      ' ',
      '\\',
      "'",
      '\u{1F600}',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), some => {
        try {
          parseFilter(some.join(''))
        } catch (error) {
          expect(String(error)).toContain('filter=')
        }
      }),
      { seed: 19, numRuns: 2_000 },
    )
  })
})

it('a value is bound, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter(text => !text.includes('"')),
      fc.string().filter(text => !text.includes(']')),
      (value, key) => {
        const bound: string[] = []
        const text = conditionSql(
          parseFilter(`label[k${key}]!~:"${value}"|controllerKind:"${value}"`),
          given => {
            bound.push(given)
            return `{v${bound.length}:String}`
          },
        )
        expect(text.replaceAll(/\{v\d+:String\}/g, '?')).toMatch(/^[\w?.,()[\]'>=!:\-^ _]*$/)
        const sane = value === '__unallocated__' ? '' : value
        expect(bound).toContain(sane)
      },
    ),
    { seed: 19, numRuns: 500 },
  )
})

it('older parameters are alternatives within, and narrow each other', () => {
  expect(
    oldFilters({
      filterNamespaces: 'shop, bank*',
      filterLabels: 'app:cart',
      filterControllers: ['deployment:web', 'job'],
    }),
  ).toEqual([
    { or: [is('namespace', 'shop'), { field: 'namespace', key: '', comparison: 'prefix', value: 'bank' }] },
    { or: [is('label', 'cart', 'app')] },
    {
      or: [
        { and: [is('controllerKind', 'deployment'), is('controllerName', 'web')] },
        is('controllerName', 'job'),
      ],
    },
  ])
  expect(() => oldFilters({ filterLabels: 'app' })).toThrow(/filterLabels=app/)
  expect(oldFilters({ filterPods: '' })).toEqual([])
})
