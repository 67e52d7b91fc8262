// Guarantees: after a tenant was erased, the state of alerts names it nowhere, also not where an earlier version kept its silences; what
// others have stays; the record that says so does not name the tenant.
import { expect, it } from 'vitest'
import { ruleGroupsOf } from '../../../core/alerting/rules.ts'
import { alertsSchema } from '../../../core/catalogue/config/keys/alerts.ts'
import { erasedTenant, erasedValue, forgetAlerts } from '../../../processors/alert/forget.ts'
import { decodeAlertState, silenceEntries } from '../../../processors/alert/state.ts'

const groups = ruleGroupsOf(
  alertsSchema.parse({
    groups: ['shop', 'bank'].map(tenant => ({
      name: 'g',
      tenant,
      rules: [{ alert: 'Hot', sql: 'SELECT 1' }],
    })),
  }),
)
const keyOf = (tenant: string): string => groups.find(one => one.tenant === tenant)!.rules[0]!.key
const silence = (tenant: string) => ({ id: 's1', tenant, matchers: { team: tenant }, startsAt: 0, endsAt: 9 })
const text = (value: object): Uint8Array => Buffer.from(JSON.stringify(value))

function stateWith(tenants: readonly string[]) {
  const entries = new Map<string, Uint8Array>()
  for (const tenant of tenants) {
    entries.set(`i/${keyOf(tenant)}/f1`, text({ fingerprint: 'f1', labels: { tenant }, state: 'firing' }))
    entries.set(`g/${tenant}/0:ops:[]`, text({ key: `${tenant}/0:ops:[]`, tenant }))
    for (const [key, value] of silenceEntries(silence(tenant))) if (value !== null) entries.set(key, value)
  }
  return entries
}

it('removes all that is of the tenant', () => {
  const entries = stateWith(['shop', 'bank'])
  const { state } = decodeAlertState(entries)
  const value = erasedValue('shop')
  expect(Buffer.from(value).toString()).not.toContain('shop')
  for (const [key, entry] of forgetAlerts(erasedTenant(value), state, groups)) {
    if (entry === null) entries.delete(key)
    else entries.set(key, entry)
  }
  expect([...entries.keys()].toSorted()).toEqual([...stateWith(['bank']).keys()].toSorted())
  expect([...state.silences.values()]).toEqual([silence('bank')])
  expect([...state.groups.keys()]).toEqual(['bank/0:ops:[]'])
  expect([...state.instances.keys()]).toEqual([keyOf('bank')])
})

it('knows silences of before, and moves them to where their tenant is in the key', () => {
  const { state } = decodeAlertState(new Map([['s/s1', text(silence('shop'))]]))
  expect([...state.silences]).toEqual([['shop/s1', silence('shop')]])
  expect(silenceEntries(silence('shop')).map(([key, value]) => [key, value !== null])).toEqual([
    ['s/shop/s1', true],
    ['s/s1', false],
  ])
})
