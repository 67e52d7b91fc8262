/**
 * Guarantees: Jaeger's remote storage API answers from the tables, value by value: services, operations, searches, traces by id
 * and dependencies, with ids, times, references and logs as they were stored; a message has spans of one trace only; no call
 * sees a row of another tenant; what is too large, malformed or forbidden fails with a status that says so.
 */
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import type { GrpcServer } from '../../../core/grpc/server.ts'
import { traces } from '../../../core/model/streams/index.ts'
import { createFairness } from '../../../query/fair/fairness.ts'
import { createJaegerListener } from '../../../query/jaeger/listener.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'
import { A, AT, B, NOW, TRACE_ROWS } from '../traces/world.ts'
import {
  hexOf,
  JAEGER_METHODS,
  JaegerClient,
  type JaegerMethod,
  type Message,
  timestamp,
} from './jaeger-rig.ts'

const tokens = { shop: newToken(), bank: newToken(), web: newToken(), sender: newToken() }
const entry = (tenant: string, token: string, more: object = {}) => ({
  tenant,
  scopes: ['read'] as const,
  accounts: null,
  name: tenant,
  expiresMs: null,
  sha256: tokenHash(token).toString('hex'),
  ...more,
})
let table = createTokenTable([
  entry('shop', tokens.shop),
  entry('bank', tokens.bank),
  entry('shop', tokens.web, { accounts: ['web'] }),
  entry('shop', tokens.sender, { scopes: ['ingest'] }),
])
let store: TestWarehouse
let listener: GrpcServer
let client: JaegerClient

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(traces, TRACE_ROWS)
  listener = createJaegerListener({
    warehouse: store.warehouse,
    sqlLimits: configSchema.parse({}).limits.sql,
    turns: createFairness({ concurrent: 8, isEmbedded: true }).own,
    access: createTokenAccess({ tokens: () => table, events: silentEvents, now: () => NOW }),
    events: silentEvents,
    now: () => NOW,
  })
  await listener.listen('127.0.0.1', 0)
  client = new JaegerClient(listener.address().port)
})
afterAll(async () => {
  client.close()
  await listener.stop()
  await store.close()
})

const as = (who: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[who]}` })
const ask = (method: JaegerMethod, content: object = {}, headers: Record<string, string> = as('shop')) =>
  client.call(method, content, headers)
const find = (query: object) => ({
  query: { start_time_min: timestamp(NOW - 3_600_000), start_time_max: timestamp(NOW), ...query },
})
const attribute = (key: string, value: string) => ({ attributes: [{ key, value: { string_value: value } }] })

/** Spans of a message, with the resource of each. */
function spansOf(message: Message): readonly (Message & { readonly service: unknown })[] {
  const { resource_spans: groups } = message as {
    resource_spans: readonly {
      resource: { attributes: readonly { key: string; value: Message }[] }
      scope_spans: readonly { scope: Message; spans: readonly Message[] }[]
    }[]
  }
  return groups.flatMap(({ resource, scope_spans: scopes }) =>
    scopes.flatMap(({ spans, scope }) =>
      spans.map(span => ({
        ...span,
        scope,
        service: resource.attributes.find(({ key }) => key === 'service.name')?.value['string_value'],
      })),
    ),
  )
}
const idsOf = (messages: readonly Message[]): readonly string[] =>
  messages.flatMap(spansOf).map(span => hexOf(span['span_id']).slice(0, 1))

describe('names', () => {
  it('lists the services and operations of the tenant', async () => {
    expect(await ask('GetServices')).toEqual([{ services: ['cart', 'db'] }])
    expect(await ask('GetServices', {}, as('bank'))).toEqual([{ services: ['vault-of-bank'] }])
    expect(await ask('GetOperations', { service: 'cart' })).toEqual([
      {
        operations: [
          { name: 'GET /cart', span_kind: 'server' },
          { name: 'slow', span_kind: 'client' },
        ],
      },
    ])
    expect(await ask('GetOperations', { service: 'cart', span_kind: 'client' })).toEqual([
      { operations: [{ name: 'slow', span_kind: 'client' }] },
    ])
    expect(await ask('GetOperations', { service: 'cart', span_kind: 'nonsense' })).toEqual([
      { operations: [] },
    ])
  })
})

describe('traces', () => {
  it('come by id, complete', async () => {
    const messages = await ask('GetTraces', { query: [{ trace_id: Buffer.from(A, 'hex') }] })
    expect(idsOf(messages)).toEqual(['1', '2'])
    const [span] = messages.flatMap(spansOf)
    expect({ ...span, trace_id: hexOf(span!['trace_id']), span_id: hexOf(span!['span_id']) }).toMatchObject({
      service: 'cart',
      scope: { name: 'test', version: '1' },
      trace_id: A,
      span_id: '1'.repeat(16),
      trace_state: 'k=v',
      name: 'GET /cart',
      kind: 2,
      start_time_unix_nano: String(AT),
      end_time_unix_nano: String(AT + 2_500_001n),
      attributes: [
        { key: 'http.route', value: { string_value: '/cart' } },
        { key: 'text', value: { string_value: 'ü "x"' } },
        { key: 'number', value: { int_value: '42' } },
        { key: 'is.it', value: { bool_value: true } },
        { key: 'part', value: { double_value: 0.5 } },
        { key: 'bytes', value: { bytes_value: Buffer.from([0, 1]) } },
        {
          key: 'list',
          value: { array_value: { values: [{ int_value: '1' }, { string_value: 'a' }] } },
        },
      ],
      dropped_attributes_count: 3,
      events: [
        {
          time_unix_nano: String(AT + 1_000n),
          name: 'exception',
          attributes: [{ key: 'exception.type', value: { string_value: 'E' } }],
        },
      ],
      links: [{ trace_state: 'l=1', attributes: [{ key: 'why', value: { string_value: 'retry' } }] }],
      status: { code: 2, message: 'broken' },
    })
    const [link] = span!['links'] as readonly Message[]
    expect([hexOf(link!['trace_id']), hexOf(link!['span_id'])]).toEqual([B, '9'.repeat(16)])
  })

  it('follow each other, a message has one trace only, and a span that was sent twice comes once', async () => {
    const ids = [B, 'c'.repeat(32), A].map(id => ({ trace_id: Buffer.from(id, 'hex') }))
    const messages = await ask('GetTraces', { query: ids })
    expect(messages.map(message => idsOf([message]))).toEqual([['3'], ['1', '2']])
    expect(await ask('GetTraces', { query: [{ trace_id: Buffer.alloc(16, 7) }] })).toEqual([])
  })
})

describe('a search', () => {
  it.each<readonly [string, object, readonly string[]]>([
    ['all, the newest first', {}, [B, A]],
    ['a service', { service_name: 'db' }, [A]],
    ['an operation', { service_name: 'cart', operation_name: 'slow' }, [B]],
    ['a tag of the span', attribute('text', 'ü "x"'), [A]],
    ['a tag of the process', attribute('host.name', 'h1'), [A]],
    ['a field of a log', attribute('exception.type', 'E'), [A]],
    ['an event', attribute('event', 'exception'), [A]],
    ['error', attribute('error', 'true'), [A]],
    ['no error', { service_name: 'cart', ...attribute('error', 'false') }, [B]],
    ['a kind', attribute('span.kind', 'client'), [B]],
    ['a status', attribute('otel.status_code', 'ERROR'), [A]],
    ['a tag without a value', attribute('nothing', ''), []],
    ['a tag of another span of the trace', { service_name: 'db', ...attribute('host.name', 'h1') }, []],
    ['long spans', { duration_min: { seconds: 1 } }, [B]],
    ['short spans', { service_name: 'cart', duration_max: { seconds: 1 } }, [A]],
    ['one', { search_depth: 1 }, [B]],
    ['a time', { start_time_max: timestamp(Number(AT / 1_000_000n) + 1_000) }, [A]],
    ['text of SQL', { service_name: "x' OR 1=1 --" }, []],
  ])('finds %s', async (_, query, expected) => {
    const [answer] = await ask('FindTraceIDs', find(query))
    const ids = (answer!['trace_ids'] as readonly Message[]).map(found => hexOf(found['trace_id']))
    expect(ids).toEqual(expected)
    const whole = (await ask('FindTraces', find(query))).map(message =>
      hexOf(spansOf(message)[0]!['trace_id']),
    )
    expect(whole).toEqual(expected)
  })
})

it('says which service calls which', async () => {
  const window = { start_time: timestamp(NOW - 3_600_000), end_time: timestamp(NOW) }
  expect(await ask('GetDependencies', window)).toEqual([
    { dependencies: [{ parent: 'cart', child: 'db', call_count: '1', source: 'wattline' }] },
  ])
  expect(await ask('GetDependencies', window, as('bank'))).toEqual([{ dependencies: [] }])
  expect(await ask('GetCapabilities')).toEqual([
    { search: { without_service_name: true, same_span_conjunction: true } },
  ])
})

describe('who may ask', () => {
  const QUESTIONS: Readonly<Record<JaegerMethod, object>> = {
    GetServices: {},
    GetOperations: { service: 'vault-of-bank' },
    FindTraces: find({}),
    FindTraceIDs: find({}),
    GetTraces: { query: [A, B].map(id => ({ trace_id: Buffer.from(id, 'hex') })) },
    GetDependencies: { start_time: timestamp(NOW - 3_600_000), end_time: timestamp(NOW) },
    GetCapabilities: {},
  }

  it.each(JAEGER_METHODS)('%s: only a token that reads the whole tenant', async method => {
    const refused: readonly (readonly [Record<string, string>, number])[] = [
      [{}, status.UNAUTHENTICATED],
      [{ authorization: `Bearer ${newToken()}` }, status.UNAUTHENTICATED],
      [as('web'), status.PERMISSION_DENIED],
      [as('sender'), status.PERMISSION_DENIED],
      // The token that Jaeger passes on counts, not its own.
      [{ ...as('shop'), 'bearer.token': newToken() }, status.UNAUTHENTICATED],
    ]
    for (const [headers, code] of refused)
      await expect(ask(method, QUESTIONS[method], headers)).rejects.toMatchObject({ code })
    const answers = JSON.stringify(await ask(method, QUESTIONS[method], as('shop')))
    expect(answers).not.toMatch(/of-bank|4444/)
    const passedOn = await ask(method, QUESTIONS[method], { ...as('bank'), 'bearer.token': tokens.shop })
    expect(JSON.stringify(passedOn)).toBe(answers)
  })

  it('ends an answer when its token is revoked', async () => {
    const before = table
    table = createTokenTable([])
    await expect(ask('GetServices')).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
    table = before
  })
})

it('refuses what it cannot answer', async () => {
  await expect(ask('GetOperations')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  await expect(ask('GetTraces', { query: [{ trace_id: Buffer.alloc(3) }] })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
  })
  const many = Array.from({ length: 2_000 }, (_, at) => ({
    trace_id: Buffer.from(String(at).padStart(32, '0'), 'hex'),
  }))
  await expect(ask('GetTraces', { query: many })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  await expect(
    ask('FindTraces', find({ duration_min: { seconds: 2 }, duration_max: { seconds: 1 } })),
  ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
})
