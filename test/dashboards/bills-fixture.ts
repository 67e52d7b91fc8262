/** Answers about bills, as an instance gives them. */
import type {
  BudgetsAnswer,
  InvoiceAnswer,
  InvoiceLineAnswer,
  InvoicesAnswer,
  LineEntriesAnswer,
  LineEntryAnswer,
} from '../../core/api/answers.ts'

export const CURRENT = '2026-11'
const LONG = 'batch-of-a-very-long-name-that-does-not-fit-into-a-line-of-a-telephone'

const line = (number: number, more: Partial<InvoiceLineAnswer>): InvoiceLineAnswer => ({
  line: number,
  service_period: '2026-10',
  service_start: '2026-09-30T22:00:00Z',
  service_end: '2026-10-31T23:00:00Z',
  category: 'Usage',
  class: null,
  sku: 'energy-active',
  zone: 'DE',
  share: 'active',
  tariff_version: 'day/1',
  description: 'Energy of workloads in DE',
  quantity: '1284.123456789012',
  unit: 'kWh',
  list_unit_price: '0.28',
  contracted_unit_price: '0.252',
  list_cost: '359.55456790092336',
  contracted_cost: '323.599111110831024',
  effective_cost: '323.599111110831024',
  billed_cost: '323.60',
  energy_uj: '3852370370367036',
  carbon_operational_ug: '385237037036',
  carbon_embodied_ug: '12000000000',
  unpriced_cost_uj: '0',
  unpriced_carbon_uj: '0',
  measured_uj: '3852370370367036',
  interpolated_uj: '0',
  estimated_uj: '0',
  simulated_uj: '0',
  entries: '44640',
  ...more,
})

const none = {
  zone: '',
  share: '',
  quantity: null,
  unit: null,
  list_unit_price: null,
  contracted_unit_price: null,
  energy_uj: '0',
  carbon_operational_ug: '0',
  carbon_embodied_ug: '0',
}

const LINES: readonly InvoiceLineAnswer[] = [
  line(1, {}),
  line(2, {
    sku: 'energy-idle',
    share: 'idle',
    description: 'Idle energy in DE',
    billed_cost: '1,024.10'.replace(',', ''),
    unpriced_carbon_uj: '5000000',
  }),
  line(3, {
    sku: 'vcpu-hours',
    share: 'active',
    description: 'CPU time used or requested',
    quantity: '71424',
    unit: 'vCPU-hours',
    list_unit_price: '0.0123',
    contracted_unit_price: '0.0123',
    billed_cost: '878.52',
    energy_uj: '0',
  }),
  line(4, {
    class: 'Correction',
    service_period: '2026-09',
    description: 'Energy of workloads in DE (correction of 2026-09)',
    quantity: '-3.5',
    billed_cost: '-0.88',
    energy_uj: '-12600000000',
    carbon_operational_ug: '-1260000',
    carbon_embodied_ug: '0',
  }),
  line(5, {
    ...none,
    category: 'Credit',
    sku: 'credit:welcome',
    description: 'Credit welcome of 50 EUR',
    billed_cost: '-50.00',
  }),
  line(6, {
    ...none,
    category: 'Tax',
    sku: 'tax:VAT',
    description: 'VAT: 19 % (category S) of 2175.34',
    billed_cost: '413.31',
  }),
]

const bill = (id: string, more: Partial<InvoiceAnswer>): InvoiceAnswer => ({
  id,
  number: `R-${id}`,
  state: 'closed',
  account: 'shop',
  account_name: 'Shop GmbH',
  issuer: 'Example Power, Ltd.',
  currency: 'EUR',
  period: '2026-10',
  period_start: '2026-09-30T22:00:00Z',
  period_end: '2026-10-31T23:00:00Z',
  time_zone: 'Europe/Berlin',
  issued: '2026-11-04T02:00:00Z',
  subtotal: '2175.34',
  tax: '413.31',
  total: '2588.65',
  notes: ['5 % of the energy is estimated.'],
  rounding: 'The sum of charges and corrections is rounded once, half to even.',
  digest: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
  ...more,
})

export const closedBills = (): InvoicesAnswer => ({
  invoices: [
    bill('0004', {}),
    bill('0003', { account: LONG, account_name: '', currency: 'JPY', total: '1234567' }),
    bill('0002', { period: '2026-09', total: '1999.00' }),
  ],
  truncated: false,
})

const drafts = (): InvoicesAnswer => ({
  invoices: [
    bill('d', { number: null, state: 'draft', issued: null, period: CURRENT, total: '812.40' }),
    bill('e', {
      number: null,
      state: 'draft',
      issued: null,
      period: CURRENT,
      account: 'web',
      account_name: '',
      total: '0.00',
    }),
  ],
  truncated: false,
})

const budgets = (): BudgetsAnswer => ({
  period: CURRENT,
  budgets: [
    {
      name: 'monthly',
      account: 'shop',
      measure: 'money',
      unit: 'EUR',
      budget: '1500',
      spent: '812.40',
      remaining: '687.60',
      elapsed: 0.6,
      used: 0.54,
      burn_rate: 0.9,
      forecast: '1354.00',
      state: 'within',
      unknown_kwh: '0',
    },
    {
      name: 'carbon',
      account: LONG,
      measure: 'carbon',
      unit: 'kgCO2e',
      budget: '100',
      spent: '120.5',
      remaining: '-20.5',
      elapsed: 0.6,
      used: 1.205,
      burn_rate: 2,
      forecast: '200.8',
      state: 'exceeded',
      unknown_kwh: '0',
    },
  ],
})

const entry = (index: number): LineEntryAnswer => ({
  window_start: `2026-10-01 00:${String(index % 60).padStart(2, '0')}:00`,
  host: 'h1',
  host_name: 'rack-1-host-1',
  workload_kind: 'container',
  workload_id: `c${index}`,
  workload_name: 'checkout',
  namespace: 'shop',
  component: 'cpu',
  share: 'active',
  energy_uj: '450000000',
  carbon_operational_ug: index === 1 ? null : '45000',
  carbon_embodied_ug: '0',
  cost_energy_nano: '37500',
  cost_resource_nano: null,
  coverage: 1,
  energy_quality: 'measured',
  energy_source: 'rapl',
  method: 'ratio',
  idle_policy: 'none',
  pue: '1.2',
  intensity_version: 'i1',
  intensity_state: 'final',
  tariff_version: 'day/1',
  entry_kind: index === 2 ? 'correction' : 'original',
  correction_reason: index === 2 ? 'late_readings' : '',
  revision: 0,
  reason: '',
  entry_id: `e${index}`,
  intensity: { version: 'i1', value: '300', unit: 'gCO2e/kWh', state: 'final', source: 'Example grid' },
  tariffs: [{ version: 'day/1', value: '0.25', unit: 'EUR/kWh', state: 'final', source: 'configuration' }],
  readings_sql: "SELECT * FROM readings WHERE Host = 'h1' ORDER BY Timestamp",
})

function entries(offset: number): LineEntriesAnswer {
  return {
    invoice: '0004',
    line: 1,
    sql: "SELECT * FROM ledger WHERE Account = 'shop' ORDER BY WindowStart",
    sums: {
      entries: '6',
      energy_uj: '2700000000',
      carbon_operational_ug: '225000',
      cost: '0.000225',
      billed: '0.0002',
    },
    entries: Array.from({ length: 3 }, (_, index) => entry(offset + index)),
    next: offset === 0 ? 3 : null,
  }
}

/** Null: it is about something else. */
export function billsAnswer(url: URL, isEmpty: boolean): unknown {
  const query = url.searchParams
  if (url.pathname === '/api/v1/budgets') return isEmpty ? { period: CURRENT, budgets: [] } : budgets()
  if (url.pathname === '/api/v1/invoices') {
    if (isEmpty) return { invoices: [], truncated: false }
    return query.get('period') === CURRENT ? drafts() : closedBills()
  }
  if (url.pathname === '/api/v1/focus') return 'BillingAccountId'
  const walked = /^\/api\/v1\/invoices\/[^/]+\/lines\/\d+\/entries$/.test(url.pathname)
  if (walked) return entries(Number(query.get('offset') ?? 0))
  const [, id] = /^\/api\/v1\/invoices\/([^/]+)$/.exec(url.pathname) ?? []
  if (id === undefined) return null
  const all = [...closedBills().invoices, ...drafts().invoices]
  const found = all.find(one =>
    id === 'draft' ? one.account === query.get('account') && one.state === 'draft' : one.id === id,
  )
  return found === undefined ? null : { ...found, lines: LINES }
}
