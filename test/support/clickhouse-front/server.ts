import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Answer, FrontEngine } from './engine.ts'
import { exceptionFrom, exceptionOf, type FrontException } from './exceptions.ts'
import { type Fault, type FaultPlan, faultName } from './faults.ts'
import { type Asked, readRequest } from './request.ts'
import type { Tally } from './tally.ts'

/** One port of the front: speaks the HTTP interface of ClickHouse over the engine, and fails on command. */
export interface FrontServerOptions {
  readonly port: number
  readonly index: number
  readonly engine: FrontEngine
  readonly plan: FaultPlan
  readonly tally: Tally
  readonly user: string
  readonly password: string
}

export function createFrontServer(options: FrontServerOptions): Server {
  // The longest address that a server accepts.
  const server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
    void handle(options, request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 3_000
  return server
}

async function handle(
  options: FrontServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://front').pathname
  if (path === '/ping') return ping(options, response)
  if (path !== '/') return end(response, 404, 'There is no handle for this path\n')
  const asked = readRequest(request, await readBody(request))
  if (asked.user !== options.user || asked.password !== options.password) {
    const message = `${asked.user}: Authentication failed: password is incorrect, or there is no user with such name.`
    return refuse(response, exceptionOf(516, message))
  }
  const fault = options.plan.next({ kind: asked.kind, port: options.index, sql: asked.sql })
  options.tally.asked(asked, options.index, fault === null ? null : faultName(fault))
  if (fault === null) await perform(options, asked, response, null)
  else await withFault(options, asked, response, fault)
}

/** Runs it in the engine, counted. */
async function run({ engine, tally }: FrontServerOptions, asked: Asked): Promise<Answer> {
  let ended = (_performed: boolean): void => {}
  try {
    const answer = await engine.run(asked, () => {
      ended = tally.begin(asked)
    })
    ended(true)
    return answer
  } catch (error) {
    ended(false)
    throw error
  }
}

async function ping(options: FrontServerOptions, response: ServerResponse): Promise<void> {
  const fault = options.plan.next({ kind: 'ping', port: options.index, sql: '' })
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'cut') response.destroy()
  else if (fault?.kind === 'status') end(response, fault.status, 'injected\n')
  else end(response, 200, 'Ok.\n')
}

/** Before: the fault instead of the work. After: the work, then the fault instead of the answer. */
async function withFault(
  options: FrontServerOptions,
  asked: Asked,
  response: ServerResponse,
  fault: Fault,
): Promise<void> {
  if (fault.kind === 'slow') await delay(fault.ms)
  const works = 'when' in fault ? fault.when === 'after' : fault.kind !== 'slow'
  if (works) {
    try {
      await drained(await run(options, asked))
      if (fault.kind === 'twice') await drained(await run(options, asked))
    } catch (error) {
      return refuse(response, exceptionFrom(error))
    }
  }
  switch (fault.kind) {
    case 'exception':
      return refuse(response, exceptionOf(fault.code, 'injected'))
    case 'status':
      return end(response, fault.status, 'injected\n')
    case 'hang':
      return
    case 'cut':
      if (fault.when === 'middle') return perform(options, asked, response, 'cut')
      response.destroy()
      return
    case 'late':
      await delay(fault.ms)
      return end(response, 200, '')
    case 'twice':
      return end(response, 200, '')
    case 'slow':
      return perform(options, asked, response, null)
  }
}

async function drained({ chunks }: Answer): Promise<void> {
  for await (const _ of chunks) {
    // Only the work matters.
  }
}

async function perform(
  options: FrontServerOptions,
  asked: Asked,
  response: ServerResponse,
  middle: 'cut' | null,
): Promise<void> {
  const { queryId } = asked
  const readOnly = asked.settings.get('readonly') === '1'
  const cancels = asked.settings.get('cancel_http_readonly_queries_on_client_close') === '1'
  response.once('close', () => {
    if (response.writableFinished || queryId === null || !readOnly || !cancels) return
    options.tally.hungUp()
    void options.engine.kill(queryId)
  })
  let answer: Answer
  try {
    answer = await run(options, asked)
    if (asked.waitEndOfQuery) answer = { ...answer, chunks: listed(await collected(answer)) }
  } catch (error) {
    return refuse(response, exceptionFrom(error))
  }
  await send(response, answer, middle)
}

async function* listed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function collected({ chunks }: Answer): Promise<readonly Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

async function send(response: ServerResponse, answer: Answer, middle: 'cut' | null): Promise<void> {
  const tag = randomBytes(8).toString('hex')
  response.writeHead(200, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-format': answer.format,
    'x-clickhouse-summary': JSON.stringify(answer.summary),
    'x-clickhouse-exception-tag': tag,
  })
  response.flushHeaders()
  try {
    for await (const chunk of answer.chunks) {
      if (middle === 'cut') {
        response.write(chunk.subarray(0, chunk.length >> 1), () => response.destroy())
        return
      }
      if (response.destroyed) return
      if (!response.write(chunk)) await drain(response)
    }
    response.end()
  } catch (error) {
    const text = exceptionFrom(error).text.trimEnd()
    const length = Buffer.byteLength(text) + 1
    response.end(`\r\n__exception__\r\n${tag}\r\n${text}\n${length} ${tag}\r\n__exception__\r\n`)
  }
}

const drain = (response: ServerResponse): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })

function refuse(response: ServerResponse, exception: FrontException): void {
  response.setHeader('x-clickhouse-exception-code', String(exception.code))
  end(response, exception.status, exception.text)
}

function end(response: ServerResponse, status: number, text: string): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8', 'x-clickhouse-summary': '{}' })
  response.end(text)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
