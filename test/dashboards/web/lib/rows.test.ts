/** Guarantees that the table adds up: its sum is the exact sum of its rows, and unknown is never counted as zero. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addNullable,
  largest,
  lineOf,
  searchLines,
  sortLines,
  sumLines,
  type WorkloadLine,
} from '../../../../dashboards/web/lib/rows.ts'
import { usageAnswer } from '../../fixture.ts'

const lines = usageAnswer('1h').rows.map(lineOf)
const names = (list: readonly WorkloadLine[]): string[] => list.map(line => line.name)

describe('sumLines', () => {
  it("equals the answer's total", () => {
    const { total } = usageAnswer('1h')
    const sum = sumLines(lines)
    expect(sum.energyUj).toBe(BigInt(total.energy_uj))
    expect(sum.cpuUs).toBe(BigInt(total.cpu_us))
    expect(sum.carbonUg).toBe(addNullable(total.carbon_operational_ug, total.carbon_embodied_ug))
    expect(sum.costs.get('')).toBe(addNullable(total.cost_energy_nano, total.cost_resource_nano))
  })

  it('is exact beyond float precision, and independent of the order', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 2n ** 62n }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(amounts, energies => {
        const many = energies.map(energyUj => ({ ...lines[0]!, energyUj }))
        const sum = energies.reduce((total, energy) => total + energy, 0n)
        expect(sumLines(many).energyUj).toBe(sum)
        expect(sumLines(many.toReversed()).energyUj).toBe(sum)
      }),
    )
  })

  it('is unknown when every row is, and says what it leaves out when some are', () => {
    const unpriced = usageAnswer('1h', { priced: false }).rows.map(lineOf)
    expect([...sumLines(unpriced).costs]).toEqual([])
    const mixed = sumLines([lines[0]!, unpriced[1]!])
    expect(mixed.costs.get('')).toBe(lines[0]!.costNano)
    expect(mixed.unpricedCostUj).toBe(unpriced[1]!.energyUj)
    expect(sumLines([]).carbonUg).toBeNull()
  })

  it('adds up no amounts of different currencies', () => {
    const [first, second, third] = ['EUR', 'SEK', 'EUR'].map((currency, index) => ({
      ...lines[0]!,
      currency,
      costNano: 10n ** BigInt(index),
    }))
    expect([...sumLines([first!, second!, third!]).costs]).toEqual([
      ['EUR', 101n],
      ['SEK', 10n],
    ])
    expect(sortLines([third!, second!, first!], { column: 'cost', descending: true })).toEqual([
      third,
      first,
      second,
    ])
  })
})

describe('lines', () => {
  it('are named idle and unattributed where they are', () => {
    expect(names(lines.filter(line => line.share !== 'active'))).toEqual(['Idle', 'Unattributed'])
  })

  it('are found by every word, in name, kind, namespace or account', () => {
    expect(names(searchLines(lines, 'retail REDIS'))).toEqual(['redis'])
    expect(searchLines(lines, '  ')).toBe(lines)
    expect(searchLines(lines, 'nothing like it')).toEqual([])
  })

  it('are sorted by exact amounts, unknown ones last in both directions', () => {
    const known = { ...lines[0]!, key: 'known', costNano: 9_007_199_254_740_993n }
    const less = { ...lines[0]!, key: 'less', costNano: 9_007_199_254_740_992n }
    const unknown = { ...lines[0]!, key: 'unknown', costNano: null }
    const keys = (descending: boolean): string[] =>
      sortLines([unknown, less, known], { column: 'cost', descending }).map(line => line.key)
    expect(keys(true)).toEqual(['known', 'less', 'unknown'])
    expect(keys(false)).toEqual(['less', 'known', 'unknown'])
  })

  it('are sorted by name without regard to case', () => {
    const upper = { ...lines[0]!, key: 'z', name: 'Zebra' }
    const lower = { ...lines[0]!, key: 'a', name: 'apple' }
    expect(names(sortLines([upper, lower], { column: 'name', descending: false }))).toEqual([
      'apple',
      'Zebra',
    ])
  })
})

it('measures a column by its largest size, whatever its sign', () => {
  expect(largest([1n, null, -5n, 3n])).toBe(5n)
  expect(largest([null])).toBe(0n)
})
