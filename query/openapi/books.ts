/** Operations on the books: usage, allocations, requests, bills. */
import { OLD_FILTERS } from '../allocation/old-filters.ts'
import { DIMENSION_NAMES, IDLE_SHARING } from '../usage/request.ts'
import { count, member, needed, neededMember, type Operation, oneOf, text } from './operation.ts'

const WINDOW = text(
  'Time that is asked about: a duration that ends now (5m, 1h, 7d), today, yesterday, month, or FROM,TO as ISO 8601 or unix seconds',
)
const LIMIT = count('Most rows of the answer')
const OFFSET = count('Rows to skip')
const BILL = {
  period: text('Month, such as 2026-11'),
  account: text('One account'),
}

/** `/allocation` has four names. */
const allocation: Operation = {
  summary: 'Allocations as OpenCost answers them, with energy and carbon',
  query: {
    window: needed(
      'today, yesterday, week, lastweek, month, lastmonth, 24h, 7d, "24h offset 1d", or a pair FROM,TO',
    ),
    aggregate: text('Properties, separated by commas, such as namespace or label:app'),
    step: text('Width of a set: a duration, or hour, day, week, month, quarter'),
    resolution: text('Accepted; the books have a row for each minute'),
    accumulate: text('true for one set; hour, day, week, month or quarter for one each'),
    accumulateBy: text('Another name of accumulate'),
    includeIdle: oneOf('Energy that no workload takes, as __idle__', 'true', 'false'),
    idle: oneOf('Another name of includeIdle', 'true', 'false'),
    idleByNode: oneOf('Share idle energy within its node', 'true', 'false'),
    shareIdle: oneOf('Workloads take idle energy', 'true', 'false', 'none', 'weighted', 'even'),
    shareNamespaces: text('Namespaces that the others take, separated by commas'),
    shareLabels: text('The same by key:value pairs of labels'),
    shareCost: text('A monthly cost to share'),
    shareSplit: oneOf('How shares are divided', 'weighted', 'even'),
    shareTenancyCosts: text('Accepted; there are none'),
    filter: text('Filter language of OpenCost, such as namespace:"shop"+label[app]:"cart"'),
    ...Object.fromEntries(
      OLD_FILTERS.map(name => [name, text('Values, separated by commas; * at the end is a prefix')]),
    ),
    offset: OFFSET,
    limit: LIMIT,
    includeAggregatedMetadata: oneOf('Labels of aggregated allocations', 'true', 'false'),
    includeProportionalAssetResourceCosts: text('Accepted; there are none'),
    sharelb: text('Accepted; there are none'),
    external: text('Accepted; there are none'),
    format: oneOf('Form of the answer', 'json'),
  },
  answer: 'AllocationAnswer',
}

/** By method and path. */
export const BOOK_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /api/v1/usage': {
    summary: 'Energy, carbon and cost from the ledger',
    query: {
      window: WINDOW,
      group_by: text(`Separated by commas: ${DIMENSION_NAMES.join(', ')}`),
      filter: text('key:value pairs, separated by commas'),
      step: text('One row for each step: 5m, 1h, 1d, month'),
      include_idle: oneOf('Idle energy that no workload takes', 'true', 'false'),
      share_idle: oneOf('Who takes idle energy', ...IDLE_SHARING),
      limit: LIMIT,
    },
    answer: 'UsageAnswer',
  },
  'GET /allocation': allocation,
  'GET /allocation/compute': allocation,
  'GET /model/allocation': allocation,
  'GET /model/allocation/compute': allocation,
  'GET /api/v1/requests': {
    summary: 'Energy, carbon and cost of requests and GenAI tokens',
    query: {
      window: WINDOW,
      group_by: text('Separated by commas, such as service, endpoint, model'),
      filter: text('key:value pairs, separated by commas'),
      limit: LIMIT,
    },
    answer: 'RequestsAnswer',
  },
  'GET /api/v1/invoices': {
    summary: 'Bills and drafts',
    query: {
      ...BILL,
      currency: text('One currency'),
      lines: oneOf('With their lines', 'true', 'false'),
      limit: LIMIT,
      offset: OFFSET,
    },
    answer: 'InvoicesAnswer',
  },
  'POST /api/v1/invoices': {
    summary: 'Closes a period',
    body: { period: neededMember('string', 'Month, such as 2026-11') },
    answer: 'ClosingAnswer',
  },
  'GET /api/v1/invoices/:id': {
    summary: 'A bill',
    query: { format: oneOf('Form of the answer', 'json', 'html') },
    answer: 'InvoiceAnswer',
  },
  'GET /api/v1/invoices/draft': {
    summary: 'A bill as it would be now',
    query: { ...BILL, currency: text('One currency'), format: oneOf('Form of the answer', 'json', 'html') },
    answer: 'InvoiceAnswer',
  },
  'GET /api/v1/invoices/:id/lines/:line/entries': {
    summary: 'Entries of the ledger behind a line of a bill',
    query: { limit: LIMIT, offset: OFFSET },
    answer: 'LineEntriesAnswer',
  },
  'GET /api/v1/focus': {
    summary: 'Bills of a closed period as FOCUS',
    query: { ...BILL, format: oneOf('Form of the answer', 'csv', 'parquet') },
    answer: { media: 'text/csv' },
  },
  'GET /api/v1/budgets': {
    summary: 'Spending of accounts against their budgets',
    query: BILL,
    answer: 'BudgetsAnswer',
  },
  'POST /api/v1/recompute': {
    summary: 'Computes a range again from its readings',
    body: {
      from: neededMember('string', 'Start, ISO 8601'),
      to: neededMember('string', 'End, ISO 8601'),
      tenant: member('string', 'One tenant'),
      host: member('string', 'One host'),
      rates: member('boolean', 'Only carbon and cost'),
      apply: member('boolean', 'Book the differences'),
    },
    answer: 'RecomputeAnswer',
  },
  'GET /api/v1/recompute': { summary: 'Computations', answer: { list: 'RecomputeAnswer' } },
  'GET /api/v1/recompute/:id': { summary: 'One computation', answer: 'RecomputeAnswer' },
  'DELETE /api/v1/recompute/:id': { summary: 'Cancels a computation', answer: 'RecomputeAnswer' },
  'POST /api/v1/recompute/:id/cancel': { summary: 'Cancels a computation', answer: 'RecomputeAnswer' },
}
