// Guarantees: a token has one shard, for any order of the shards; tokens are spread evenly; an added shard takes tokens
// from the others and moves none between them; servers that do not form the cluster are detected.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shardOf, shardsProblem } from '../../../../core/warehouse/clickhouse/shards.ts'

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 })
const TOKENS = Array.from({ length: 4_000 }, (_, offset) => `traces/${offset % 8}/${offset}`)

describe('shardOf', () => {
  it('does not depend on the order', () => {
    fc.assert(
      fc.property(names, fc.string(), (shards, token) => {
        expect(shardOf(token, [...shards].reverse())).toBe(shardOf(token, shards))
        expect(shards).toContain(shardOf(token, shards))
      }),
    )
  })

  it('is null without shards', () => {
    expect(shardOf('traces/0/1', [])).toBeNull()
  })

  it('spreads tokens evenly', () => {
    const shards = ['01', '02', '03', '04']
    for (const shard of shards) {
      const share = TOKENS.filter(token => shardOf(token, shards) === shard).length / TOKENS.length
      expect(Math.abs(share - 0.25)).toBeLessThan(0.03)
    }
  })

  it('moves tokens only to a new shard', () => {
    const before = ['a', 'b', 'c']
    const moved = TOKENS.filter(token => shardOf(token, before) !== shardOf(token, [...before, 'd']))
    expect(moved.every(token => shardOf(token, [...before, 'd']) === 'd')).toBe(true)
    expect(moved.length).toBeLessThan(TOKENS.length * 0.3)
  })
})

describe('shardsProblem', () => {
  const facts = (shard: string, shards: number) => ({
    version: '26.7',
    uuid: '',
    settings: new Set<string>(),
    place: { shard, shards },
  })
  it.each([
    ['one of each', [facts('01', 2), facts('02', 2)], null],
    ['replicas', [facts('01', 1), facts('01', 1)], null],
    ['one is missing', [facts('01', 3), facts('02', 3)], 'reaches only 2 of them (macro shard: 01, 02)'],
    ['two opinions', [facts('01', 2), facts('02', 3)], 'disagree'],
    ['too many names', [facts('a', 2), facts('b', 2), facts('c', 2)], 'name 3'],
  ])('%s', (_what, servers, words) => {
    const problem = shardsProblem(servers, 'books')
    if (words === null) expect(problem).toBeNull()
    else expect(problem).toContain(words)
  })
})
