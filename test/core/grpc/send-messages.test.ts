/**
 * Guarantees: an answer of several messages is made at the pace of its client: few wait in memory, a client that cancels or whose
 * deadline is over ends the work, and a failure after the first message is the status of the call.
 */
import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import { Client, credentials, status } from '@grpc/grpc-js'
import { afterEach, expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { createGrpcServer, type GrpcServer, type MessageSource } from '../../../core/grpc/server.ts'
import { until } from '../../support/until.ts'

let server: GrpcServer
let client: Client

async function serve(source: MessageSource): Promise<void> {
  server = createGrpcServer({
    what: 'test',
    methods: new Map([['/test.Test/Many', { kind: 'messages', begin: () => source }]]),
    maxMessageBytes: 1_024,
    maxOpenCalls: 0,
    admit: () => undefined,
    refusal: error => error as WattlineError,
    events: silentEvents,
  })
  await server.listen('127.0.0.1', 0)
  client = new Client(`127.0.0.1:${server.address().port}`, credentials.createInsecure())
}
const many = (deadlineMs = 60_000) =>
  client.makeServerStreamRequest(
    '/test.Test/Many',
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    Buffer.alloc(0),
    { deadline: Date.now() + deadlineMs },
  )

afterEach(async () => {
  client.close()
  await server.stop()
})

it('sends all messages, also none', async () => {
  await serve(async function* () {
    for (let at = 0; at < 300; at += 1) yield Buffer.alloc(10_000, at)
  })
  let count = 0
  for await (const message of many() as AsyncIterable<Buffer>) {
    expect([message.length, message[9_999]]).toEqual([10_000, count % 256])
    count += 1
  }
  expect(count).toBe(300)
  client.close()
  await server.stop()
  await serve(async function* () {
    // Nothing fits the question.
  })
  for await (const message of many() as AsyncIterable<Buffer>) expect(message).toBe('nothing')
})

it('makes no more than the client reads, and stops when it cancels', async () => {
  let made = 0
  let isOver = false
  await serve(async function* (signal) {
    try {
      for (; !signal.aborted; made += 1) yield Buffer.alloc(100_000)
    } finally {
      isOver = true
    }
  })
  // The client of grpc-js reads on while it is paused; this one does not.
  const session = connect(`http://127.0.0.1:${server.address().port}`)
  const call = session.request({
    ':method': 'POST',
    ':path': '/test.Test/Many',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  call.end(Buffer.alloc(5))
  await once(call, 'response')
  await new Promise(resolve => setTimeout(resolve, 500))
  // A message is larger than what a client takes before it reads.
  expect(made).toBeLessThan(3)
  call.resume()
  await until(() => made > 20)
  call.close(constants.NGHTTP2_CANCEL)
  await until(() => isOver)
  session.close()
})

it('ends with the status of a failure, before and after the first message', async () => {
  for (const before of [0, 2]) {
    await serve(async function* () {
      for (let at = 0; at < before; at += 1) yield Buffer.from([at])
      throw new WattlineError('sql_limit', 'too much')
    })
    const received: Buffer[] = []
    const read = async (): Promise<void> => {
      for await (const message of many() as AsyncIterable<Buffer>) received.push(message)
    }
    await expect(read()).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    expect(received).toHaveLength(before)
    client.close()
    await server.stop()
  }
  await serve(async function* () {
    // For the end of the test.
  })
})

it('ends with the deadline of the client', async () => {
  let reason: unknown
  await serve(async function* (signal) {
    yield Buffer.from([1])
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    reason = signal.reason
    throw signal.reason
  })
  const call = many(1_000)
  call.on('error', () => undefined).on('data', () => undefined)
  await until(() => reason !== undefined)
})
