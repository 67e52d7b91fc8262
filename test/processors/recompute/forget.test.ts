// Guarantees: after a tenant was erased, the state names it nowhere; what others wait for stays.
import { expect, it } from 'vitest'
import { forgetTenant } from '../../../processors/recompute/forget.ts'
import { decodeRequest, type RequestProgress } from '../../../processors/recompute/requests.ts'

const host = (tenant: string) => ({ tenant, host: 'h1', ranges: [], closedTo: 0 })
const request = (tenant: string | null, at: string | null): RequestProgress => ({
  id: 'r',
  tenant,
  host: null,
  from: 0,
  to: 60,
  reason: 'recomputed',
  notBeforeMs: 0,
  cursor: at === null ? null : { tenant: at, host: 'h1', done: 0 },
  entries: 3,
})

it('removes hosts and requests of the tenant, and begins again what stands at it', () => {
  const dirty = new Map([
    ['a', host('shop')],
    ['b', host('bank')],
  ])
  const requests = new Map([
    ['one', request('shop', null)],
    ['all', request(null, 'shop')],
    ['bank', request('bank', 'bank')],
  ])
  const entries = forgetTenant('shop', dirty, requests)
  expect([...dirty.keys()]).toEqual(['b'])
  expect([...requests.keys()]).toEqual(['all', 'bank'])
  expect([...entries.keys()]).toEqual(['a', 'one', 'all'])
  expect(decodeRequest(entries.get('all')!)).toEqual(request(null, null))
})
