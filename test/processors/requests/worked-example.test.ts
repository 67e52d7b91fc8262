/** Guarantees: the numbers of the worked example in docs/requests.md, from spans and entries to the API. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledger, requestEnergy, requestMinutes, traces } from '../../../core/model/streams/index.ts'
import { MATCH_RULES } from '../../../processors/requests/match-rules.ts'
import { shareMinute } from '../../../processors/requests/minute.ts'
import { requestTables } from '../../../processors/requests/processor.ts'
import { sharingRules } from '../../../processors/requests/statement.ts'
import { answerRequests } from '../../../query/requests/routes.ts'
import { oneTrace } from '../../../query/traces/service.ts'
import { ledgerRow, nano, spanRow, unixSeconds } from '../../query/support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'

const page = readFileSync(new URL('../../../docs/requests.md', import.meta.url), 'utf8')
const MINUTE = unixSeconds('2026-11-20T12:00:00Z')
const id = (digit: string): string => digit.repeat(32)
let store: TestWarehouse
const folder = mkdtempSync(join(tmpdir(), 'wattline-requests-'))

const span = (
  trace: string,
  own: string,
  parent: string,
  container: string,
  name: string,
  from: string,
  seconds: number,
) =>
  spanRow({
    TraceId: id(trace),
    SpanId: own.padStart(16, '0'),
    ParentSpanId: parent === '' ? '' : parent.padStart(16, '0'),
    ServiceName: container,
    SpanName: name,
    SpanKind: name === 'SELECT stock' || name === 'chat' ? 'Client' : 'Server',
    Timestamp: nano(`2026-11-20T12:00:${from}Z`),
    Duration: BigInt(seconds) * 1_000_000_000n,
    ResourceAttributes: { 'service.name': container, 'container.id': container },
    SpanAttributes:
      trace === '3'
        ? {
            'gen_ai.usage.input_tokens': '1200',
            'gen_ai.usage.output_tokens': '300',
            'gen_ai.request.model': 'llama',
          }
        : {},
  })
const entry = (container: string, joules: bigint) =>
  ledgerRow({
    WindowStart: MINUTE,
    WorkloadId: container,
    EnergyUj: joules * 1_000_000n,
    CarbonOperationalUg: joules * 100n,
    CostEnergyNano: (joules * 250n) / 3n,
  })

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(traces, [
    span('1', 'a', '', 'cart', 'POST /order', '10', 30),
    span('1', 'b', 'a', 'cart', 'SELECT stock', '15', 10),
    span('1', 'c', 'b', 'db', 'query', '16', 8),
    span('2', 'd', '', 'cart', 'GET /cart', '50', 12),
    span('3', 'e', '', 'cart', 'chat', '30', 0),
    span('3', 'f', 'e', 'vllm', 'llm_request', '30', 5),
  ])
  await store.insert(ledger, [entry('cart', 450n), entry('db', 225n), entry('vllm', 900n)])
  const { statements } = store.warehouse
  if (statements === undefined) throw new Error('the engine takes no statements')
  const context = {
    statements,
    folder,
    tables: requestTables(statements),
    sharing: sharingRules(),
    now: Date.now,
  }
  const { outputs } = await shareMinute(
    context,
    { minute: MINUTE, tenants: ['default'], spans: 6, isFirst: true },
    // Whatever it is cut into.
    2,
  )
  for (const [index, { stream, record }] of outputs.entries()) {
    const declaration = stream === requestEnergy.name ? requestEnergy : requestMinutes
    await store.warehouse.insert(declaration, record.value, `worked/${index}`)
  }
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const question = { tenant: 'default', from: MINUTE, to: MINUTE + 60, filters: [], limit: 100 } as const

test('spans get what the table says', async () => {
  const rows = await store.warehouse.query<{ line: string }>(
    `SELECT concat(toString(EnergyUj), ' ', toString(CarbonOperationalUg), ' ', toString(CostEnergyNano)) AS line
     FROM wattline.request_energy WHERE WorkloadId = 'cart' AND EnergyUj != 0 ORDER BY TraceId, EnergyUj DESC`,
  )
  expect(rows.map(({ line }) => line)).toEqual([
    '281250000 28125 23437',
    '28125000 2813 2344',
    '140625000 14062 11719',
  ])
  for (const text of [
    '281,250,000 µJ | 28,125 µg | 23,437',
    '28,125,000 µJ | 2,813 µg | 2,344',
    '140,625,000 µJ | 14,062 µg | 11,719',
  ]) {
    expect(page).toContain(text)
  }
})

test('the API sums them, and divides by requests and tokens', async () => {
  const answer = await answerRequests(store.reader('default'), { ...question, groupBy: ['service'] })
  expect(answer.total).toMatchObject({
    energy_uj: '1575000000',
    requests: '5',
    traces: '3',
    tokens: { input: '1200', output: '300' },
  })
  const vllm = answer.rows.find(row => row.group['service'] === 'vllm')
  expect(vllm?.per_1000_tokens).toMatchObject({ energy_uj: '600000000.000' })
  expect(page).toContain('600 J per 1,000 tokens')
  const cart = answer.rows.find(row => row.group['service'] === 'cart')
  // POST /order, GET /cart and chat, which has no parent.
  expect(cart).toMatchObject({
    requests: '3',
    per_request: { energy_uj: '150000000.000', costs: [{ currency: 'EUR', energy_nano: '12500.000' }] },
  })
  expect(cart?.per_1000_tokens).toBeNull()
  expect(answer.unrequested).toMatchObject({ energy_uj: null })
})

test('a trace has the joules of its spans', async () => {
  const { energy } = await oneTrace(store.reader('default'), 'default', id('1'))
  expect(energy).toMatchObject({
    energy_uj: '534375000',
    spans_uj: {
      '000000000000000a': '281250000',
      '000000000000000b': '28125000',
      '000000000000000c': '225000000',
    },
    unknown: {},
  })
  expect(page).toContain('281.25 + 28.125 + 225 = 534.375 J')
})

test('tokens limited to accounts see the rows of their accounts', async () => {
  const ask = (accounts: readonly string[]) =>
    answerRequests(store.reader('default', accounts), { ...question, groupBy: [] })
  expect((await ask(['shop'])).total.energy_uj).toBe('1575000000')
  expect((await ask(['other'])).total.energy_uj).toBeNull()
})

test('the page lists the rules of matching as they are', () => {
  for (const { name, resource, workload } of MATCH_RULES) {
    expect(page).toContain(`| \`${name}\` | ${resource} | ${workload} |`)
  }
})
