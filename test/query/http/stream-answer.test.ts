/**
 * Guarantees of answers in pieces: an early failure is still a status; a late one ends the body with a text or closes
 * the connection, and never looks complete; a reader that disconnects ends the source; gzip contains what was sent; a
 * reader that stops is disconnected, a slow one is not, up to a limit.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { disconnectSignal } from '../../../query/fence/client-disconnect.ts'
import type { ReaderLimits } from '../../../query/http/slow-reader.ts'
import { sendChunks } from '../../../query/http/stream-answer.ts'

let app: FastifyInstance
let base: string
let chunks: () => AsyncGenerator<Uint8Array>
let lastWords = ''
let ended: Promise<string>
let cuts: string[] = []
let reader: ReaderLimits

const piece = (bytes: number): Uint8Array => Buffer.alloc(bytes, 'x')

beforeEach(async () => {
  app = fastify()
  cuts = []
  reader = { stallMs: 60_000, totalMs: 60_000, onCut: reason => cuts.push(reason) }
  let settle = (_how: string): void => {}
  ended = new Promise(resolve => {
    settle = resolve
  })
  app.get('/', async (request, reply) => {
    const signal = disconnectSignal(reply)
    signal.addEventListener('abort', () => settle('aborted'))
    const coding = Object.hasOwn(request.query as object, 'gzip') ? ('gzip' as const) : undefined
    reply.type('text/plain').header('vary', 'accept')
    await sendChunks(reply, chunks(), { coding, onLate: () => Buffer.from(lastWords), reader })
    if (!signal.aborted) settle('sent')
    return reply
  })
  base = await app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => app.close())

it('sends all pieces, plain and compressed', async () => {
  chunks = async function* () {
    for (let index = 0; index < 40; index++) yield piece(10_000)
  }
  expect((await (await fetch(base)).text()).length).toBe(400_000)
  expect(await ended).toBe('sent')
  const zipped = await fetch(`${base}/?gzip`)
  expect(zipped.headers.get('content-encoding')).toBe('gzip')
  expect(zipped.headers.get('vary')).toBe('accept, accept-encoding')
  expect((await zipped.text()).length).toBe(400_000)
})

it('sends an empty answer', async () => {
  chunks = async function* () {}
  const answer = await fetch(base)
  expect([answer.status, await answer.text()]).toEqual([200, ''])
})

it('turns an early failure into a status', async () => {
  chunks = async function* () {
    yield piece(10)
    throw new Error('early')
  }
  expect((await fetch(base)).status).toBe(500)
})

it.each(['', '?gzip'])('ends a late failure with an error text if possible %s', async query => {
  lastWords = '__exception__'
  chunks = async function* () {
    yield piece(100_000)
    throw new Error('late')
  }
  const text = await (await fetch(`${base}/${query}`)).text()
  expect(text.length).toBe(100_013)
  expect(text.endsWith('__exception__')).toBe(true)
})

it('closes the connection on a late failure without text', async () => {
  lastWords = ''
  chunks = async function* () {
    yield piece(100_000)
    throw new Error('late')
  }
  const answer = await fetch(base)
  expect(answer.status).toBe(200)
  await expect(answer.text()).rejects.toThrow()
})

it('ends the source when the reader disconnects', async () => {
  let closed = (): void => {}
  const sourceClosed = new Promise<void>(resolve => {
    closed = resolve
  })
  chunks = async function* () {
    try {
      for (;;) yield piece(100_000)
    } finally {
      closed()
    }
  }
  const hangUp = new AbortController()
  const answer = await fetch(base, { signal: hangUp.signal })
  expect(answer.status).toBe(200)
  hangUp.abort()
  await sourceClosed
  expect(await ended).toBe('aborted')
})

/** Sends a request and reads only the head of the answer. */
async function unread(path = '/'): Promise<Socket> {
  const { hostname, port } = new URL(base)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
  await once(socket, 'readable')
  return socket
}

it.each(['/', '/?gzip'])('disconnects a reader that stops reading, and reports it: %s', async path => {
  let closed = (): void => {}
  const sourceClosed = new Promise<void>(resolve => {
    closed = resolve
  })
  reader = { ...reader, stallMs: 100 }
  chunks = async function* () {
    try {
      for (;;) yield randomBytes(1_000_000)
    } finally {
      closed()
    }
  }
  const socket = await unread(path)
  await sourceClosed
  expect(await ended).toBe('aborted')
  expect(cuts).toEqual(['stalled'])
  socket.destroy()
})

it('disconnects a reader that stops before the last piece', async () => {
  reader = { ...reader, stallMs: 100 }
  chunks = async function* () {
    yield Buffer.alloc(60_000_000)
  }
  const socket = await unread()
  expect(await ended).toBe('aborted')
  expect(cuts).toEqual(['stalled'])
  socket.destroy()
})

it('waits for an answer that is slow to produce', async () => {
  reader = { ...reader, stallMs: 800 }
  chunks = async function* () {
    yield piece(100_000)
    await delay(1_600)
    yield piece(100_000)
  }
  expect((await (await fetch(base)).text()).length).toBe(200_000)
  expect(cuts).toEqual([])
})

it('disconnects a reader that reads endlessly', async () => {
  reader = { ...reader, totalMs: 300 }
  chunks = async function* () {
    for (;;) {
      yield piece(70_000)
      await delay(10)
    }
  }
  const answer = await fetch(base)
  await expect(answer.arrayBuffer()).rejects.toThrow()
  expect(await ended).toBe('aborted')
  expect(cuts).toEqual(['too_slow'])
})
