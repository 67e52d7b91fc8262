/** Guarantees: usage as text, every value of the asker bound and none of them in the text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIMENSION_NAMES, IDLE_SHARING, type UsageRequest } from '../../../query/usage/request.ts'
import { type QueryShape, usageStatement } from '../../../query/usage/statement.ts'

const request: UsageRequest = {
  tenant: 'acme',
  accounts: null,
  from: 1_795_176_000,
  to: 1_795_176_600,
  groupBy: ['account'],
  filters: [],
  step: null,
  includeIdle: true,
  idleSharing: 'booked',
  operatorAccount: 'operator',
  limit: 100,
}
const shape: QueryShape = { groupBy: ['account'], step: null, idle: 'with', from: 'books', limit: 100 }

describe('usage', () => {
  it('of minutes by account', () => {
    const { text, params } = usageStatement(request, shape)
    expect(text).toMatch(
      /^SELECT g_account, sum\(s_EnergyUj\) AS energy_uj, sumIf\(s_EnergyUj, k_Share = 'active'\) AS active_uj, .* FROM \(SELECT Account AS g_account, Share AS k_Share, EnergyQuality AS k_EnergyQuality, Reason AS k_Reason, Currency AS k_Currency, sum\(toInt128\(EnergyUj\)\) AS s_EnergyUj, .* FROM wattline\.ledger WHERE Tenant = \{tenant:String\} AND WindowStart >= toDateTime\(\{from0:UInt32\}, 'UTC'\) AND WindowStart < toDateTime\(\{to0:UInt32\}, 'UTC'\) GROUP BY g_account, k_Share, k_EnergyQuality, k_Reason, k_Currency\) GROUP BY g_account ORDER BY energy_uj DESC, g_account LIMIT 100$/,
    )
    expect(params).toEqual({ tenant: 'acme', from0: 1_795_176_000, to0: 1_795_176_600 })
  })

  it('of days and hours from their sums, the edges by the minute', () => {
    const wide = { ...request, from: request.from - 30 * 86_400 + 60 }
    const { text } = usageStatement(wide, shape)
    expect([...text.matchAll(/AND (\w+)\S* >= toDateTime/g)].map(found => found[1])).toEqual([
      'WindowStart',
      'toStartOfHour',
      'toStartOfDay',
      'toStartOfHour',
      'WindowStart',
    ])
  })

  it('with steps, filters, accounts and without idle', () => {
    const asked: UsageRequest = {
      ...request,
      accounts: ['a'],
      filters: [
        { dimension: 'host', value: 'h1' },
        { dimension: 'host', value: 'h2' },
        { dimension: 'kind', value: 'container' },
      ],
    }
    const { text, params } = usageStatement(asked, { ...shape, step: 300, idle: 'without' })
    expect(text).toContain('intDiv(toUnixTimestamp(WindowStart), 300) * 300 AS start')
    expect(text).toContain('Account IN {accounts:Array(String)}')
    expect(text).toContain(
      'Host IN {filter_host:Array(String)} AND WorkloadKind IN {filter_kind:Array(String)}',
    )
    expect(text).toContain("(Share != 'idle' OR WorkloadKind != '')")
    expect(text).toContain('ORDER BY start, energy_uj DESC, g_account')
    expect(params).toMatchObject({ accounts: ['a'], filter_host: ['h1', 'h2'], filter_kind: ['container'] })
  })

  it('never holds what the asker wrote', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom(...DIMENSION_NAMES), (value, dimension) => {
        const asked = { ...request, tenant: `§${value}`, filters: [{ dimension, value: `§${value}` }] }
        expect(usageStatement(asked, shape).text).not.toContain('§')
        for (const idleSharing of IDLE_SHARING) {
          const shared = { ...asked, idleSharing, operatorAccount: '§', accounts: ['§'] }
          for (const from of ['books', 'booked', 'minutes', 'hours'] as const)
            expect(usageStatement(shared, { ...shape, from }).text).not.toContain('§')
        }
      }),
    )
  })
})
