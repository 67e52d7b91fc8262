/**
 * Guarantees of the simulator's client: what is not accepted is sent again, the same bytes, when the receiver asks for
 * it; what can never be accepted, or was not for long, ends the run with an error that says so; rejected items are
 * counted.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createSender, partialSuccess, type RequestSender } from '../../simulate/send.ts'
import { compare } from '../../simulate/verify.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const close: (() => void)[] = []
afterEach(() => {
  for (const end of close.splice(0)) end()
})

/** A receiver that gives these answers in turn, the last one forever. */
async function receiver(...answers: readonly Answer[]) {
  const bodies: Buffer[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    bodies.push(Buffer.concat(parts))
    answers[Math.min(bodies.length, answers.length) - 1]!(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  close.push(() => server.close())
  close.push(() => server.closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies }
}

const answer =
  (status: number, body: string | Uint8Array = '', headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, headers).end(body)
  }
const cut: Answer = (_, response) => {
  response.destroy()
}

function sender(url: string, options: Partial<Parameters<typeof createSender>[0]> = {}): RequestSender {
  const opened = createSender({
    url,
    gzip: false,
    concurrency: 1,
    giveUpMs: 30_000,
    signal: new AbortController().signal,
    ...options,
  })
  close.unshift(() => opened.close())
  return opened
}

const BODY = Buffer.from('a request')

it('sends the same bytes again when asked to, and when there is no answer', async () => {
  const { url, bodies } = await receiver(
    answer(429, '', { 'retry-after': '0' }),
    answer(503),
    cut,
    answer(502),
    answer(200),
  )
  expect(await sender(url).send('metrics', BODY)).toMatchObject({
    retries: 4,
    rejected: 0,
    bytes: BODY.length,
  })
  expect(bodies.map(String)).toEqual(Array.from({ length: 5 }, () => 'a request'))
})

it('counts what is rejected', async () => {
  const partial = Buffer.from([0x0a, 0x09, 0x08, 0xac, 0x02, 0x12, 0x04, ...Buffer.from('late')])
  const { url } = await receiver(answer(200, partial))
  expect(await sender(url).send('traces', BODY)).toMatchObject({ rejected: 300, message: 'late' })
  expect(partialSuccess(new Uint8Array(0))).toEqual({ rejected: 0, message: '' })
  expect(partialSuccess(partial.subarray(0, 6)).rejected).toBe(300)
})

it('compresses and sends its token', async () => {
  let seen: IncomingMessage['headers'] = {}
  const { url, bodies } = await receiver((request, response) => {
    seen = request.headers
    response.end()
  })
  await sender(url, { gzip: true, token: 'secret' }).send('metrics', BODY)
  expect(seen).toMatchObject({ authorization: 'Bearer secret', 'content-encoding': 'gzip' })
  expect(gunzipSync(bodies[0]!).toString()).toBe('a request')
})

it.each([
  [400, /^body_undecodable: .* answered 400 1 times: no such wire type\./],
  [401, /^unauthenticated: /],
  [413, /^body_too_large: /],
])('ends at once at %d', async (status, said) => {
  const { url, bodies } = await receiver(answer(status, 'no such wire type'))
  const failed = await sender(url).send('metrics', BODY).catch(String)
  expect(failed).toMatch(said)
  expect(bodies.length).toBe(1)
})

it('gives up after the configured time', async () => {
  const busy = await receiver(answer(429))
  expect(await sender(busy.url, { giveUpMs: 1 }).send('metrics', BODY).catch(String)).toMatch(/^overloaded: /)
  const gone = await receiver(cut)
  expect(await sender(gone.url, { giveUpMs: 1 }).send('metrics', BODY).catch(String)).toMatch(
    /^not_running: There is no OTLP receiver at http\S+ \(--otlp-url\): /,
  )
})

it('ends when asked', async () => {
  const stop = new AbortController()
  const { url } = await receiver((_, response) => {
    stop.abort()
    response.writeHead(503).end()
  })
  await expect(sender(url, { signal: stop.signal }).send('metrics', BODY)).rejects.toThrow(/abort/i)
})

describe('the comparison', () => {
  const books = (ledgerUj: bigint, lateUj = 0n, unmarked = 0) => ({ ledgerUj, lateUj, unmarked })

  it('passes if ledger and late readings equal what was metered', () => {
    const verdict = compare(
      new Map([
        ['a', 10n],
        ['b', 0n],
      ]),
      new Map([['a', books(7n, 3n)]]),
    )
    expect(verdict).toEqual({ hosts: 2, meteredUj: 10n, ledgerUj: 7n, lateUj: 3n, differences: [] })
  })

  it.each([
    ['a microjoule is missing', books(9n)],
    ['a microjoule is too much', books(11n)],
    ['an entry is not marked', books(10n, 0n, 1)],
  ])('fails when %s', (_, of) => {
    const { differences } = compare(new Map([['a', 10n]]), new Map([['a', of]]))
    expect(differences).toMatchObject([{ host: 'a', meteredUj: 10n, ledgerUj: of.ledgerUj }])
  })

  it('fails for energy of hosts that sent none', () => {
    expect(compare(new Map(), new Map([['ghost', books(1n)]])).differences).toHaveLength(1)
  })
})
