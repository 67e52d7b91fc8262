// Guarantees: a receiver's answers are acted on as they are meant: what it will never take is set aside whole, found among its
// neighbours, and the rest goes on; whatever else goes wrong, from a refused login to a login page, is waited for, as long
// as it asks for; partial successes are counted. Over OTLP a receiver gets what the log holds, compressed or not.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Broker } from '../../../core/broker/broker.ts'
import { quarantine } from '../../../core/model/streams/index.ts'
import { waitSeconds } from '../../../processors/forward/answer.ts'
import type { Exporter } from '../../../processors/forward/exporter.ts'
import { openExporter } from '../../../processors/forward/open.ts'
import { rejectedItems } from '../../../processors/forward/otlp/partial-success.ts'
import { createForward } from '../../../processors/forward/processor.ts'
import type { Runner } from '../../../processors/loop/runner.ts'
import { RecordedEvents } from '../../collector/intake/fakes.ts'
import { decodeIndependently, logRows } from '../../collector/otlp/decode/reference.ts'
import { until } from '../../support/until.ts'
import { caughtUp, openLog, readStream, run, testConfig } from './rig.ts'
import { logRecord } from './rows.ts'

interface Request {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

let log: Awaited<ReturnType<typeof openLog>>
let broker: Broker
let runner: Runner | undefined
let uplink: Exporter
let events: RecordedEvents
let requests: Request[]
/** What the receiver answers next; undefined: it hangs. */
let answerTo: (request: Request) => Answer | undefined
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const taken = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) }
    requests.push(taken)
    const answer = answerTo(taken)
    if (answer === undefined) return
    response.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
  })
})

beforeEach(async () => {
  log = await openLog(1)
  broker = log.broker
  events = new RecordedEvents()
  requests = []
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
})
afterEach(async () => {
  await runner?.stop()
  runner = undefined
  uplink.close()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await log.destroy()
})

async function forward(settings: Record<string, unknown> = {}): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`
  const config = testConfig({ forward: { url, timeout: 0.5, token: 'secret', ...settings } })
  uplink = openExporter(url, { config, events, now: Date.now })
  runner = await run(broker, createForward({ exporter: uplink, events }))
}

const sent = (): Promise<void> => until(() => caughtUp(broker, 'forward', ['logs']))
const append = (...records: (readonly string[])[]) => broker.append('logs', 0, records.map(logRecord))
const aside = async () => (await readStream(broker, quarantine)).flatMap(({ rows }) => rows)
const namesOf = ({ headers }: Request): number => String(headers['wattline-records']).split(',').length
const receipt = (request: Request): Answer => ({ status: 200, body: `{"records":${namesOf(request)}}` })

describe('to another Wattline', () => {
  it('sends many records as one, with the token, below the base address', async () => {
    answerTo = receipt
    await append(['a'], ['b', 'c'], ['d'])
    await forward()
    await sent()
    expect(
      requests.map(({ path, headers }) => [path, headers.authorization, headers['wattline-records']]),
    ).toEqual([
      [
        '/base/v1/wattline/records/logs',
        'Bearer secret',
        expect.stringMatching(/^0:1\.\w{8},2\.\w{8},1\.\w{8}$/),
      ],
    ])
    expect(events.sum('recordsForwarded')).toBe(3)
  })

  it.each([400, 413, 422])(
    'finds the one record that is answered with %i, and sets it aside whole',
    async status => {
      const isBad = ({ headers }: Request): boolean =>
        /(^|,)(1:2|2)\./.test(String(headers['wattline-records']))
      answerTo = request => (isBad(request) ? { status, body: 'not\u0000 this one' } : receipt(request))
      await append(['a'], ['b', 'c'], ['d'])
      await forward()
      await sent()
      const [row, ...more] = await aside()
      expect(more).toEqual([])
      expect(row).toMatchObject({ Processor: 'forward', Stream: 'logs', Offset: 1n, Code: 'uplink_refused' })
      expect(row!.Error).toContain(`answered ${status}: not this one`)
      expect(events.sum('recordsForwarded')).toBe(2)
    },
  )

  it.each<[string, Answer | undefined, RegExp]>([
    ['a refused login', { status: 401, body: 'who?' }, /answered 401: who\?/],
    ['another version', { status: 409 }, /answered 409: nothing/],
    ['no such route', { status: 404 }, /answered 404/],
    ['overload', { status: 429, headers: { 'retry-after': '0' } }, /answered 429/],
    ['a defect', { status: 500 }, /answered 500/],
    ['a login page', { status: 200, body: '<html>' }, /not with a receipt of Wattline/],
    [
      'a receipt of something else',
      { status: 200, body: '{"records":99}' },
      /not with a receipt of Wattline/,
    ],
    ['silence', undefined, /no answer within 500 ms/],
  ])('waits at %s, says so, and goes on', async (_what, answer, problem) => {
    let isWell = false
    answerTo = request => (isWell ? receipt(request) : answer)
    await append(['a'])
    await forward()
    await until(() => runner!.problems().length > 0)
    expect(runner!.problems().join()).toMatch(/^forward logs\/0 waiting: uplink_unavailable: /)
    expect(runner!.problems().join()).toMatch(problem)
    isWell = true
    await sent()
    await until(() => runner!.problems().length === 0)
    expect(await aside()).toEqual([])
  })
})

describe('to any OTLP receiver', () => {
  const success: Answer = { status: 200, headers: { 'content-type': 'application/x-protobuf' } }

  it.each(['gzip', 'none'] as const)('sends what the log holds (compression %s)', async compression => {
    answerTo = () => success
    await append(['a', 'b'], ['c'])
    await forward({ protocol: 'otlp', compression, headers: { 'x-key': '1' } })
    await sent()
    expect(requests.map(({ path }) => path)).toEqual(['/base/v1/logs', '/base/v1/logs'])
    const bodies = requests.flatMap(({ body, headers }) => {
      expect([headers['content-type'], headers['x-key']]).toEqual(['application/x-protobuf', '1'])
      expect(headers['content-encoding']).toBe(compression === 'gzip' ? 'gzip' : undefined)
      const plain = compression === 'gzip' ? gunzipSync(body) : body
      return logRows(decodeIndependently('ExportLogsServiceRequest', plain), 'default', 0n)
    })
    expect(bodies.map(row => row['Body'])).toEqual(['a', 'b', 'c'])
  })

  it('counts what a receiver rejects in a 200, and does not send it again', async () => {
    const body = Buffer.from([0x0a, 0x06, 0x08, 0x02, 0x12, 0x02, 0x6e, 0x6f])
    answerTo = () => ({ ...success, body })
    await append(['a', 'b', 'c'])
    await forward({ protocol: 'otlp' })
    await sent()
    expect(
      events.all.filter(({ name }) => name === 'itemsForwardRejected').map(({ facts }) => facts),
    ).toEqual([{ stream: 'logs', amount: 2, message: 'no' }])
    expect(requests.length).toBe(1)
  })

  it('waits as long as it is asked to, and past a login page', async () => {
    const answers: Answer[] = [
      { status: 503, headers: { 'retry-after': '1' } },
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
    ]
    answerTo = () => answers.shift() ?? success
    await append(['a'])
    await forward({ protocol: 'otlp' })
    await sent()
    expect(requests.length).toBe(3)
  })
})

it('reads Retry-After in both forms, within bounds', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  expect(waitSeconds(undefined, now)).toBeUndefined()
  expect(waitSeconds('soon', now)).toBeUndefined()
  expect(waitSeconds('7', now)).toBe(7)
  expect(waitSeconds('86400', now)).toBe(300)
  expect(waitSeconds('Sat, 21 Nov 2026 12:00:05 GMT', now)).toBe(5)
  expect(waitSeconds('Sat, 21 Nov 2026 11:00:00 GMT', now)).toBe(0)
})

it('takes an answer that it cannot read for a success without a word', () => {
  for (const bytes of [[], [0x0a], [0x0a, 0xff], [0x0b], [0xff, 0xff], [0x08, 0x02], [0x0a, 0x02, 0x08]]) {
    expect(rejectedItems(Uint8Array.from(bytes))).toEqual({ rejected: 0, message: '' })
  }
})
