/**
 * Guarantees: no answer of Gnocchi's or CloudKitty's API depends on what the caller may not see. Each question is asked where only the
 * caller's own rows exist, and where other tenants and accounts have as many: the answers are the same, to the last byte, also from
 * what the process remembers after others have asked; questions for hidden things are answered as those for things that do not exist.
 * Bombs end within their limits.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { metricUuid, resourceUuid } from '../../../query/openstack/gnocchi/model/uuids.ts'
import { NOW_MS, openWorld, VM, VM2 } from '../../query/openstack/support/world.ts'
import type { Api } from '../../query/prometheus/support/api.ts'
import { readTokens } from '../../support/read-tokens.ts'

const WHO = {
  whole: { tenant: 'default', accounts: null },
  web: { tenant: 'default', accounts: ['web'] },
  other: { tenant: 'other', accounts: null },
} as const
type Who = keyof typeof WHO
const { tokens, table } = readTokens(WHO)
const access = createTokenAccess({ tokens: () => table, events: silentEvents, now: () => NOW_MS })

let mixed: Api
/** Answers where nothing else exists, by who asks. */
const alone = new Map<Who, readonly string[]>()
beforeAll(async () => {
  for (const [who, only] of [
    ['whole', 'tenant'],
    ['web', 'web'],
  ] as const) {
    const api = await openWorld({ access, only })
    const answers: string[] = []
    for (const question of QUESTIONS) answers.push(await ask(api, who, question))
    alone.set(who, answers)
    await api.close()
  }
  mixed = await openWorld({ access })
})
afterAll(async () => await mixed.close())

type Question = readonly [path: string, body?: unknown]
const METRICS = ['cpu', 'memory.usage', 'wattline_energy_joules', 'wattline_cost_eur']
const IDS = [VM, VM2].flatMap(vm => METRICS.map(name => metricUuid(vm, name)))
const HOST = resourceUuid('host:cmp001', 'default')
const QUESTIONS: readonly Question[] = [
  ['/v1/metric'],
  ['/v1/metric?sort=name&limit=3'],
  ...IDS.flatMap((id): Question[] => [
    [`/v1/metric/${id}`],
    [`/v1/metric/${id}/measures?aggregation=sum`],
    [`/v1/metric/${id}/measures?aggregation=count&granularity=3600`],
    [`/v1/metric/${id}/measures?aggregation=rate:max&granularity=60`],
  ]),
  ['/v1/resource/generic?details=true'],
  ['/v1/resource/instance'],
  ['/v1/resource/host'],
  ...[VM, VM2, HOST, 'cmp001', 'nothing'].flatMap((id): Question[] => [
    [`/v1/resource/generic/${id}`],
    [`/v1/resource/generic/${id}/history`],
    [`/v1/resource/generic/${id}/metric`],
    [`/v1/resource/generic/${id}/metric/wattline_energy_joules/measures?aggregation=sum&granularity=86400`],
  ]),
  ['/v1/search/resource/generic', {}],
  ['/v1/search/resource/generic', { '=': { project_id: 'secret' } }],
  ['/v1/search/resource/instance', { like: { display_name: '%' } }],
  ['/v1/search/resource/generic', { not: { '=': { creator: 'default' } } }],
  ['/v1/search/resource/generic', { or: [{ '=': { creator: 'other' } }, { '>': { started_at: 0 } }] }],
  [`/v1/search/resource/generic?marker=${VM2}&sort=id`, {}],
  ['/v1/aggregates?groupby=project_id', aggregate('wattline_*')],
  ['/v1/aggregates?granularity=3600', aggregate('*')],
  ['/v1/aggregates?details=true', aggregate('wattline_energy_joules')],
  [
    '/v1/aggregates?granularity=60',
    { operations: ['aggregate', 'count', ['metric', ...IDS.map(id => [id, 'sum'])]] },
  ],
  [`/v1/aggregation/metric?${IDS.map(id => `metric=${id}`).join('&')}`],
  ['/v1/aggregation/resource/instance/metric/wattline_energy_joules?groupby=project_id&granularity=3600', {}],
  ['/v2/summary'],
  ['/v2/summary?groupby=project_id,id,name,host,zone,kind,namespace,currency,type'],
  ['/v2/summary?groupby=time-d&filters=project_id:secret'],
  ['/v2/summary?filters=project_id:mobile&response_format=object'],
  [`/v2/summary?filters=id:${VM2}`],
  ['/v2/dataframes'],
  ['/v2/dataframes?filters=project_id:secret'],
  ['/v2/scope'],
]

function aggregate(name: string): object {
  return { operations: `(aggregate sum (metric ${name} sum))`, resource_type: 'generic', search: {} }
}

async function ask(api: Api, who: Who, [path, body]: Question): Promise<string> {
  const answer = await fetch(api.base + path, {
    headers: { 'x-auth-token': tokens[who] },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const link = answer.headers.get('link')?.replace(/http:\/\/[^/]+/, '') ?? ''
  return `${answer.status} ${link} ${await answer.text()}`
}

it.each(['whole', 'web'] as const)('%s: others change no answer', async who => {
  let answered = 0
  for (const [index, question] of QUESTIONS.entries()) {
    const before = alone.get(who)![index]!
    // What the process remembers of others must not be visible, either.
    await ask(mixed, 'other', question)
    if (who === 'web') await ask(mixed, 'whole', question)
    const after = await ask(mixed, who, question)
    expect([question, after]).toEqual([question, before])
    expect([question, after]).toEqual([question, expect.not.stringMatching(/secret|of-other/)])
    if (who === 'web') expect(after).not.toMatch(/mobile/)
    if (after.startsWith('200')) answered += 1
  }
  expect(answered).toBeGreaterThan(0.4 * QUESTIONS.length)
})

describe('bombs', () => {
  const nested = (depth: number): unknown =>
    Array.from({ length: depth }).reduce<unknown>(inner => ['abs', inner], ['metric', 'cpu', 'mean'])
  it.each<readonly [string, Question]>([
    ['every second of 400 days', [`/v1/metric/${IDS[0]}/measures?granularity=0.001&start=0`]],
    ['deep operations', ['/v1/aggregates', { operations: nested(1_000) }]],
    [
      'many operations',
      ['/v1/aggregates', { operations: ['+', ...Array.from({ length: 9_999 }, () => nested(2))] }],
    ],
    ['many stars', ['/v1/aggregates', aggregate(`${'*a'.repeat(2_000)}*`)]],
    ['many percent signs', ['/v1/search/resource/generic', { like: { type: `${'%a'.repeat(20_000)}%` } }]],
    [
      'a deep filter',
      ['/v1/search/resource/generic', JSON.parse(`${'{"not":'.repeat(1_000)}{}${'}'.repeat(1_000)}`)],
    ],
    [
      'a long rolling window',
      ['/v1/aggregates?granularity=60', { operations: `(rolling mean 1e9 (metric ${IDS[0]} mean))` }],
    ],
    ['ten thousand years', ['/v2/summary?begin=0001-01-01&end=9999-01-01']],
  ])('%s', async (_, question) => {
    const answer = await ask(mixed, 'whole', question)
    expect([400, 404, 422, 200]).toContain(Number(answer.slice(0, 3)))
  })
})
