/**
 * Guarantees: bills are listed, shown and walked back to entries, factors and tariffs; a draft is what closing makes of it; tokens
 * limited to accounts see theirs, tenants are apart; a page of a bill escapes names; FOCUS rows sum to the bills.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {
  BudgetsAnswer,
  ClosingAnswer,
  InvoiceAnswer,
  InvoicesAnswer,
  LineEntriesAnswer,
  Problem,
} from '../../../core/api/answers.ts'
import type { Identity } from '../../../core/model/identity.ts'
import { type BillingRig, startBillingRig } from '../../processors/invoice/rig.ts'
import { bookMonth, MONTH_SETTINGS } from './month.ts'
import { serve } from './server.ts'

const ALL: Identity = { tenant: 'default', scopes: ['admin', 'read'], accounts: null }
let who = ALL
let rig: BillingRig
let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  rig = await startBillingRig(MONTH_SETTINGS, '2026-11-20T00:00:00Z')
  server = await serve(rig, () => who)
  await bookMonth(rig, '2026-10', 3)
})
afterAll(async () => {
  await server.stop()
  await rig.stop()
})

const get = async <Answer>(path: string): Promise<Answer> => {
  const response = await fetch(`${server.base}${path}`)
  return (await response.json()) as Answer
}
const close = async (period: string): Promise<ClosingAnswer & Problem> =>
  (await (
    await fetch(`${server.base}/api/v1/invoices`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ period }),
    })
  ).json()) as ClosingAnswer & Problem
const stored = async () => {
  const rows = await rig.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM wattline.ledger')
  return rows[0]?.n ?? 0
}

const october = '/api/v1/invoices?period=2026-10&lines=true'

test('a draft is what closing makes of it', async () => {
  await expect.poll(stored).toBe(36)
  const drafts = (await get<InvoicesAnswer>(october)).invoices
  expect(drafts.map(({ account, currency, number, state }) => [account, currency, number, state])).toEqual([
    ['abroad', 'EUR', null, 'draft'],
    ['abroad', 'USD', null, 'draft'],
    ['operator', 'EUR', null, 'draft'],
    ['shop', 'EUR', null, 'draft'],
    ['shop', 'JPY', null, 'draft'],
    ['small', 'EUR', null, 'draft'],
  ])
  expect(await close('2026-10')).toMatchObject({ state: 'closed', invoices: 6 })
  const closed = (await get<InvoicesAnswer>(october)).invoices
  expect(closed.map(({ number }) => number)).toEqual([
    'R000001',
    'R000002',
    'R000003',
    'R000004',
    'R000005',
    'R000006',
  ])
  const changing = { number: '', state: '', issued: '', digest: '' }
  expect(closed.map(one => ({ ...one, ...changing }))).toEqual(drafts.map(one => ({ ...one, ...changing })))
})

test('lines are as the rules say', async () => {
  const { invoices } = await get<InvoicesAnswer>(`${october}&account=shop&currency=EUR`)
  const [bill] = invoices
  expect(bill?.account_name).toBe('Shop "Nord", GmbH & Co')
  const lines = (bill?.lines ?? []).map(line => [
    line.category,
    line.sku,
    line.quantity,
    line.list_unit_price,
    line.list_cost,
    line.contracted_cost,
    line.billed_cost,
  ])
  // 3 hours by day at 0.25 and 3 by night at -0.05, PUE 1.25, of 1 kWh each; 6 vCPU-hours and GiB-hours.
  const energy = lines.filter(([, sku]) => sku === 'energy-active')
  expect(energy.map(([, , , price]) => price).toSorted()).toEqual(['-0.05', '0.25'])
  for (const [, , quantity] of energy) expect(Number(quantity)).toBeCloseTo(3.75, 4)
  expect(lines.filter(([, sku]) => sku === 'vcpu-hours').map(line => line.slice(2))).toEqual([
    ['6', '0.03', '0.18', '0.18', '0.18'],
  ])
  expect(lines.filter(([, sku]) => sku === 'gib-hours').map(line => line.slice(2))).toEqual([
    ['6', '0.004', '0.024', '0.024', '0.02'],
  ])
  expect(lines.map(([category, sku]) => [category, sku]).slice(-2)).toEqual([
    ['Credit', 'credit:welcome'],
    ['Tax', 'tax:VAT'],
  ])
})

test('from a line to its entries, factors and tariffs', async () => {
  const [bill] = (await get<InvoicesAnswer>(`${october}&account=shop&currency=EUR`)).invoices
  for (const line of (bill?.lines ?? []).filter(({ category }) => category === 'Usage')) {
    const path = `/api/v1/invoices/${bill?.id}/lines/${line.line}/entries`
    const all = await get<LineEntriesAnswer>(path)
    expect(all.sums.cost).toBe(all.sums.billed)
    expect(all.entries).toHaveLength(Number(all.sums.entries))
    expect(all.entries[0]).toMatchObject({ intensity: { value: '300' } })
    const pages = [
      await get<LineEntriesAnswer>(`${path}?limit=2`),
      await get<LineEntriesAnswer>(`${path}?limit=2&offset=2`),
    ]
    expect(pages.flatMap(({ entries }) => entries)).toEqual(all.entries.slice(0, 4))
    const counted = await rig.query<{ n: number }>(
      `SELECT toUInt32(count()) AS n FROM (${all.sql.replace('FROM ledger', 'FROM wattline.ledger')})`,
    )
    expect(counted[0]?.n).toBe(all.entries.length)
  }
  const tax = bill?.lines?.at(-1)
  expect((await get<Problem>(`/api/v1/invoices/${bill?.id}/lines/${tax?.line}/entries`)).code).toBe(
    'not_found',
  )
})

test('whoever is limited to accounts sees theirs, and other tenants see nothing', async () => {
  const [mine, other] = (await get<InvoicesAnswer>(october)).invoices
    .filter(({ currency }) => currency === 'EUR')
    .slice(2)
  who = { tenant: 'default', scopes: ['read'], accounts: ['shop'] }
  const seen = (await get<InvoicesAnswer>('/api/v1/invoices')).invoices
  expect(seen.map(({ account }) => account)).toEqual(['shop', 'shop'])
  expect((await get<InvoiceAnswer>(`/api/v1/invoices/${mine?.id}`)).account).toBe('shop')
  expect((await get<Problem>(`/api/v1/invoices/${other?.id}`)).code).toBe('not_found')
  expect((await get<Problem>(`/api/v1/invoices/${other?.id}/lines/1/entries`)).code).toBe('not_found')
  expect((await get<InvoicesAnswer>('/api/v1/invoices?period=2026-11&account=small')).invoices).toEqual([])
  expect((await close('2026-11')).code).toBe('forbidden')
  const csv = await (await fetch(`${server.base}/api/v1/focus?period=2026-10`)).text()
  expect(csv).toContain('R000004')
  expect(csv).not.toContain('R000001')
  who = { tenant: 'other', scopes: ['read', 'admin'], accounts: null }
  expect((await get<InvoicesAnswer>('/api/v1/invoices')).invoices).toEqual([])
  expect((await get<Problem>(`/api/v1/invoices/${mine?.id}`)).code).toBe('not_found')
  who = ALL
})

test('a page of a bill stands by itself and escapes what others have named', async () => {
  const [bill] = (await get<InvoicesAnswer>(`${october}&account=shop&currency=EUR`)).invoices
  const response = await fetch(`${server.base}/api/v1/invoices/${bill?.id}?format=html`)
  const page = await response.text()
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(page).toContain('Shop &quot;Nord&quot;, GmbH &amp; Co (shop)')
  expect(page).toContain(`<td class="n">${bill?.total}</td>`)
  expect(page).not.toMatch(/<script|src=|href=/)
})

test('a draft is a page too, which says that it is one', async () => {
  const path = '/api/v1/invoices/draft?period=2026-11&account=small'
  const page = await (await fetch(`${server.base}${path}&format=html`)).text()
  expect(page).toContain('<h1>Draft 2026-11</h1>')
  expect(page).toContain('Draft: the period is open, and the bill may change.')
  expect(await get<InvoiceAnswer>(path)).toMatchObject({
    state: 'draft',
    number: null,
    subtotal: '25.00',
    total: '29.75',
  })
  const problems = ['period=2026-10&account=small', 'period=2026-11&account=nobody', 'period=2026-11']
  for (const query of problems) {
    const { code } = await get<Problem>(`/api/v1/invoices/draft?${query}`)
    expect(code).toMatch(/not_found|parameter_invalid/)
  }
})

test('budgets are of the accounts that the asker sees', async () => {
  const path = '/api/v1/budgets?period=2026-10'
  const all = await get<BudgetsAnswer>(path)
  expect(all.budgets.map(({ account, unit, state }) => [account, unit, state])).toEqual([
    ['shop', 'EUR', 'exceeded'],
    ['shop', 'kWh', 'within'],
    ['small', 'EUR', 'within'],
  ])
  // 3 hours at 0.25 and 3 at -0.05 of 1.25 kWh each, and 0.204 for CPU and memory.
  expect(Number(all.budgets[0]?.spent)).toBeCloseTo(0.954, 4)
  who = { tenant: 'default', scopes: ['read'], accounts: ['small'] }
  expect((await get<BudgetsAnswer>(path)).budgets.map(({ account }) => account)).toEqual(['small'])
  expect((await get<BudgetsAnswer>(`${path}&account=shop`)).budgets).toEqual([])
  who = ALL
})

test('wrong questions are refused with what is right', async () => {
  expect(await get<Problem>('/api/v1/invoices?period=2026-13')).toMatchObject({ code: 'parameter_invalid' })
  expect(await get<Problem>('/api/v1/invoices?period=2027-01')).toMatchObject({
    detail: expect.stringContaining('the current one is 2026-11'),
  })
  expect(await get<Problem>('/api/v1/focus?period=2026-11')).toMatchObject({ code: 'not_found' })
  expect((await close('2026-11')).code).toBe('closing_refused')
  expect((await close('2026-09')).detail).toMatch(/before 2026-10/)
})
