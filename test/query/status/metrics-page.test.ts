// Guarantees: whatever labels contain, the whole page of /metrics is text that a scrape reads back as written: no value
// changes, breaks its line, or damages another line.
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createStatusServer } from '../../../query/status-server.ts'
import { parsed } from '../../collector/prometheus/scrape/parsed.ts'

/**
 * Typical problems of formats with lines and quotes: escapes, line ends of all kinds, control characters, marks, half
 * characters.
 */
const HOSTILE = [
  '\t',
  'a\tb',
  '\r\n',
  '\u0000',
  '\u0007\u001b[31m',
  '\u007f\u0085\u2028\u2029',
  '\ufeff',
  '\\',
  '\\n',
  '\\\\"',
  'a\\',
  '"',
  '"} 1\n# TYPE wattline_ready counter\nwattline_ready{x="',
  '# EOF\n',
  ' ',
  '{a="b"}',
  '\u{1f50c}\ud800',
] as const
const TENANT_METRIC = 'wattline_meter_state_bytes'
const COUNTER = 'wattline_admitted_rows_rejected_total'

const events = new EventBus(pino({ level: 'silent' }))
let tenants: readonly string[] = []
const server = createStatusServer({
  events,
  readiness: async () => ({}),
  meterState: () => new Map(tenants.map((tenant, index) => [tenant, index + 1])),
  rowAges: () =>
    new Map(
      tenants.map(stream => [
        stream,
        { ages: { bounds: [1], cumulative: [1], count: 2, sum: 3.5 }, newestSeconds: 1.5 },
      ]),
    ),
  version: '1"\n\t\\',
  started: new Date(1_700_000_000_000),
})
let url = ''

beforeAll(async () => {
  const { host, port } = await server.listen('127.0.0.1', 0)
  url = `http://${host}:${port}/metrics`
})
afterAll(() => server.stop())

interface Read {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

async function page(): Promise<readonly Read[]> {
  const answer = await fetch(url)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  // In small pieces, as from a connection.
  return parsed('prometheus', new Uint8Array(await answer.arrayBuffer()), 7).flatMap(told =>
    'name' in told ? [{ name: told.name, labels: Object.fromEntries(told.labels), value: told.value }] : [],
  )
}

const of = (read: readonly Read[], name: string) => read.filter(one => one.name === name)

it('reads every hostile label unchanged, and everything else beside it', async () => {
  tenants = []
  const plain = await page()
  tenants = HOSTILE
  for (const [index, stream] of HOSTILE.entries())
    events.emit('rowsNotAdmitted', { stream, reason: `${stream}"`, amount: index + 1 })
  const read = await page()
  const whole = HOSTILE.map(text => text.toWellFormed())
  expect(of(read, TENANT_METRIC)).toEqual(
    whole.map((tenant, index) => ({ name: TENANT_METRIC, labels: { tenant }, value: index + 1 })),
  )
  expect(of(read, COUNTER)).toEqual(
    whole.map((stream, index) => ({
      name: COUNTER,
      labels: { stream, reason: `${stream}"` },
      value: index + 1,
    })),
  )
  expect(of(read, 'wattline_row_age_seconds_bucket')).toEqual(
    whole.flatMap(stream =>
      (
        [
          ['1', 1],
          ['+Inf', 2],
        ] as const
      ).map(([le, value]) => ({
        name: 'wattline_row_age_seconds_bucket',
        labels: { stream, le },
        value,
      })),
    ),
  )
  expect(of(read, 'wattline_build_info')[0]?.labels['version']).toBe('1"\n\t\\')
  const names = new Set(read.map(({ name }) => name))
  for (const { name } of plain) expect(names).toContain(name)
})

it('reads any label unchanged', async () => {
  const unit = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)),
  )
  const text = fc.array(unit, { minLength: 1, maxLength: 4 }).map(parts => parts.join('').toWellFormed())
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 8 }), async drawn => {
      tenants = drawn.filter(tenant => tenant !== '')
      expect(of(await page(), TENANT_METRIC).map(({ labels }) => labels['tenant'])).toEqual(tenants)
    }),
    { seed: 20261130, numRuns: 20 },
  )
})
