/**
 * Guarantees: nothing of another tenant, and nothing of other accounts, by any expression, selector, listing or form of the
 * Prometheus API, also not from what a thread remembers; an expression that would take forever ends within its limits, and
 * others are answered afterwards.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import { ledger, metricHistograms, metricPoints } from '../../../core/model/streams/index.ts'
import { type Answered, type Api, openApi } from '../../query/prometheus/support/api.ts'
import { nanoS, OF_POINT, seriesRows } from '../../query/prometheus/support/points.ts'
import { ledgerRow, unixSeconds } from '../../query/support/rows.ts'
import { readTokens } from '../../support/read-tokens.ts'

const AT = unixSeconds('2026-11-20T12:00:00Z')
const WHO = {
  shop: { tenant: 'shop', accounts: null },
  bank: { tenant: 'bank', accounts: null },
  shopWeb: { tenant: 'shop', accounts: ['web'] },
} as const
type Who = keyof typeof WHO
const { tokens, table } = readTokens(WHO)
const events = new EventBus(createLogger('error'))
let api: Api

beforeAll(async () => {
  api = await openApi({
    nowMs: (AT + 600) * 1000,
    config: { limits: { promql: { samples: 1_000_000 } } },
    access: createTokenAccess({ tokens: () => table, events, now: () => AT * 1000 }),
  })
  for (const Tenant of ['shop', 'bank']) {
    const seen = { Tenant, Labels: `{"owner":"of-${Tenant}"}`, ServiceName: `job-of-${Tenant}` }
    const values = Array.from({ length: 40 }, (_, at) => at)
    await api.store.insert(metricPoints, [
      ...seriesRows({ startS: AT, stepS: 15, values }, { ...seen, MetricName: 'shared_total', Kind: 1 }),
      ...seriesRows({ startS: AT, stepS: 15, values }, { ...seen, MetricName: `only_of_${Tenant}` }),
    ])
    await api.store.insert(metricHistograms, [
      {
        ...OF_POINT,
        ...seen,
        MetricName: 'shared.hist',
        TimeUnix: nanoS(AT + 590),
        Kind: 1,
        Meta: `{"description":"of-${Tenant}","unit":"s","temporality":2}`,
        Count: 3n,
        Sum: 1,
        BucketCounts: [1n, 2n],
        ExplicitBounds: [Tenant === 'shop' ? 0.25 : 0.75],
        Min: 0,
        Max: 0,
        Exemplars: JSON.stringify([
          {
            attributes: { owner: `of-${Tenant}` },
            time: `${AT + 590}000000000`,
            value: '1',
            bits: '3ff0000000000000',
            spanId: '',
            traceId: '',
          },
        ]),
        IsFloat: false,
        FloatCount: 0,
        FloatBucketCounts: [],
        ResetHint: 0,
      },
    ])
    await api.store.insert(
      ledger,
      ['web', 'mobile'].map(account =>
        ledgerRow({
          Tenant,
          Account: account,
          Host: `host-of-${Tenant}`,
          WorkloadName: `${account}-of-${Tenant}`,
          WindowStart: AT + 480,
          EnergyUj: 1_000n,
          EntryId: `${Tenant}-${account}`,
        }),
      ),
    )
  }
})
afterAll(() => api.close())

const ask = (who: Who, path: string): Promise<Answered> =>
  api.get(path, { authorization: `Bearer ${tokens[who]}` })

const SELECTORS = [
  '{__name__=~".+"}',
  '{__name__!=""}',
  'shared_total',
  '{owner=~"of-.*"}',
  '{tenant=~".*",__name__=~".*_total"}',
  '{Tenant="bank",job!=""}',
  'only_of_bank',
  'only_of_shop',
  '{host=~"host-of-(shop|bank)"}',
  '{__name__=~"wattline_.*"}',
  'shared_hist_seconds_bucket',
  '{"shared.hist"}',
  'target_info',
]
const EXPRESSIONS = [
  ...SELECTORS,
  'count by (__name__, owner, job, host, tenant) ({__name__=~".+"})',
  'label_replace(shared_total, "x", "$1", "owner", "(.*)")',
  'shared_total or on() only_of_bank or only_of_shop',
  'topk(100, {job=~".*"})',
  'sum_over_time(shared_total[1h]) * on(owner) group_left() shared_total',
  'absent(only_of_bank{owner="of-bank"})',
]
const times = `start=${AT - 60}&end=${AT + 600}`
const PATHS: readonly string[] = [
  ...EXPRESSIONS.map(text => `/api/v1/query?query=${encodeURIComponent(text)}&time=${AT + 595}`),
  ...EXPRESSIONS.slice(0, 4).flatMap(text => [
    `/prometheus/api/v1/query_range?query=${encodeURIComponent(text)}&${times}&step=60`,
    `/api/v1/query_exemplars?query=${encodeURIComponent(text)}&${times}`,
    `/federate?match[]=${encodeURIComponent(text)}`,
    `/api/v1/labels?match[]=${encodeURIComponent(text)}`,
    `/api/v1/label/owner/values?match[]=${encodeURIComponent(text)}`,
  ]),
  ...SELECTORS.map(text => `/api/v1/series?match[]=${encodeURIComponent(text)}`),
  '/api/v1/labels',
  '/api/v1/label/__name__/values',
  '/api/v1/label/owner/values',
  '/api/v1/label/job/values',
  '/api/v1/label/le/values',
  '/api/v1/label/host/values',
  '/api/v1/metadata',
  '/api/v1/metadata?metric=only_of_bank',
  '/prometheus/api/v1/rules',
  '/prometheus/api/v1/alerts',
]
describe('nothing of others', () => {
  it('by any path, asked in turn through the same threads', async () => {
    let answers = 0
    for (const path of PATHS) {
      for (const [who, other] of [
        ['shop', 'bank'],
        ['bank', 'shop'],
        ['shop', 'bank'],
      ] as const) {
        const { status, text } = await ask(who, path)
        // The name is in the question itself, where absent() has it.
        const said = path.includes('absent') ? text.replaceAll(/"owner":"of-bank"/g, '') : text
        expect([path, said.includes(`of-${other}`) || said.includes(`only_of_${other}`)]).toEqual([
          path,
          false,
        ])
        expect([path, status === 200 || status === 400 || status === 422]).toEqual([path, true])
        if (text.includes(`of-${who}`)) answers += 1
      }
    }
    // Many of them do show rows of the caller.
    expect(answers).toBeGreaterThan(0.9 * PATHS.length)
  })

  it('to a token for some accounts: its accounts alone, and no telemetry', async () => {
    for (const path of PATHS) {
      const { text } = await ask('shopWeb', path)
      const said = path.includes('absent') ? text.replaceAll(/"owner":"of-bank"/g, '') : text
      expect([path, /of-bank|mobile|job-of|only_of|shared/.test(said)]).toEqual([
        path,
        // The form of a selector that selects nothing is that of the question.
        false,
      ])
    }
    const { body } = await ask('shopWeb', `/api/v1/query?query=wattline_energy_joules&time=${AT + 540}`)
    expect(body.data).toMatchObject({ result: [{ metric: { account: 'web', workload: 'web-of-shop' } }] })
  })
})

const deep = (count: number, open: string, close: string): string =>
  `${open.repeat(count)}shared_total${close.repeat(count)}`

const BOMBS: readonly (readonly [string, string])[] = [
  ['a long subquery', 'sum_over_time(shared_total[10y:1ms])'],
  ['many selectors', Array.from({ length: 400 }, () => '{__name__=~".+"}').join(' or ')],
  ['a product', `${'count(shared_total) by (owner) * on() group_left() '.repeat(300)}shared_total`],
  ['parentheses', deep(50_000, '(', ')')],
  ['signs', `${'-'.repeat(100_000)}shared_total`],
  ['calls', deep(5_000, 'abs(', ')')],
  ['subqueries', deep(8, 'max_over_time(', '[1h:1s])')],
  ['a regular expression', `{__name__=~"(((((a+)+)+)+)+)+(.*.*.*.*){50}[a-z]{1,900}"}`],
  ['long labels', `label_replace(shared_total, "x", "${'$1'.repeat(10_000)}", "owner", "(.*)")`],
  ['a tower of powers', `${'2 ^ '.repeat(20_000)}2`],
  ['a long text', `"${'x'.repeat(1_000_000)}"`],
  ['an unclosed text', `{a="${'\\'.repeat(100_000)}`],
  ['a wide range', `rate(shared_total[300y])`],
]

describe('bombs', () => {
  it.each(BOMBS)('end: %s', async (_, query) => {
    const form = new URLSearchParams({
      query,
      start: String(AT),
      end: String(AT + 10_000),
      step: '1',
      timeout: '1',
    })
    const headers = { authorization: `Bearer ${tokens.shop}` }
    const answer = await fetch(`${api.base}/api/v1/query_range`, { method: 'POST', body: form, headers })
    const text = await answer.text()
    expect([200, 400, 422, 503]).toContain(answer.status)
    expect(() => JSON.parse(text) as unknown).not.toThrow()
    const next = await ask('bank', `/api/v1/query?query=count(shared_total)&time=${AT + 595}`)
    expect(next.body.data).toMatchObject({ result: [{ value: [AT + 595, '1'] }] })
  })
})
