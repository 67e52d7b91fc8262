/** Guarantees: of an erased tenant the log keeps no bill and no request, and of other tenants all; done again, it changes nothing. */
import { expect, it } from 'vitest'
import { encodeCloseRequest } from '../../../core/billing/request.ts'
import { RECORD_KIND } from '../../../core/broker/broker.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { billing, CLOSE_REQUEST, invoiceClosings } from '../../../core/model/streams/invoices.ts'
import { eraseBills } from '../../../processors/erase/bills.ts'
import { memoryLog } from '../../support/memory-log.ts'

const closing = (Tenant: string) => ({
  key: `invoice_closings/${Tenant}`,
  value: encodeRows(invoiceClosings, [
    {
      Tenant,
      Period: '2026-11',
      RequestId: Tenant,
      Time: 0,
      Origin: 'api',
      State: 'closed',
      Reason: '',
      Invoices: 1,
    },
  ]),
  timestampMs: 0,
})
const request = (tenant: string) => ({
  key: `request/${tenant}`,
  value: encodeCloseRequest({ id: tenant, tenant, period: '2026-11', origin: 'api', requestedMs: 0 }),
  headers: { [RECORD_KIND]: CLOSE_REQUEST },
  timestampMs: 0,
})

it('supersedes the records of the tenant', async () => {
  const log = memoryLog()
  await log.append(billing.name, 0, [closing('shop'), closing('bank'), request('shop'), request('bank')])
  expect(await eraseBills(log, 'shop', 1)).toBe(2)
  const left = [...(await log.newest(billing.name))].map(([key, { value, headers }]) => [
    key,
    value.length > 0,
    headers,
  ])
  expect(left).toEqual([
    ['invoice_closings/shop', false, { kind: 'erased' }],
    ['invoice_closings/bank', true, {}],
    ['request/shop', false, { kind: 'erased' }],
    ['request/bank', true, { kind: 'close' }],
  ])
  expect(await eraseBills(log, 'shop', 2)).toBe(0)
})
