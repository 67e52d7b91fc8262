/**
 * `/clickhouse/`: the HTTP interface for ClickHouse clients, read-only. Answers are the engine's bytes in a format of
 * the list; errors have the form that these clients expect.
 */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { asWattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedResult } from '../../core/warehouse/warehouse.ts'
import { compressed, compressedBlocks } from '../codings/native-blocks.ts'
import { disconnectSignal } from '../fence/client-disconnect.ts'
import { CHALLENGE, identityOf, OPEN, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import type { RawQuery } from '../http/parameters.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { type SendOptions, sendChunks } from '../http/stream-answer.ts'
import { SUMMARY, summarised } from './answer-summary.ts'
import { carryOut } from './clickhouse-commands.ts'
import { bindParameters } from './clickhouse-params.ts'
import { type ClickHouseRequest, readClickHouseRequest } from './clickhouse-request.ts'
import type { ClickHouseSessions } from './clickhouse-sessions.ts'
import { readCommand } from './commands.ts'
import { cachedFacts, type EngineFacts } from './engine-facts.ts'
import { asEngineError } from './engine-text.ts'
import { handshakeBlock, isHandshake } from './native-handshake.ts'
import type { SqlService } from './service.ts'
import { readStatement, type Statement } from './statement.ts'
import { ownerKey } from './statement-log.ts'

/**
 * Marks an error in the middle of an answer, as clients expect it: 16 random characters that no row can
 * predict.
 */
const exceptionTag = (): string => randomBytes(8).toString('hex')

/**
 * Serves the interface below `prefix` with scope read, and its health checks to everyone.
 * @param prefix '' on a port of its own
 */
export function clickhouseRoutes(
  app: FastifyInstance,
  context: QueryContext,
  { sql, sessions }: { readonly sql: SqlService; readonly sessions: ClickHouseSessions },
  prefix: '' | '/clickhouse',
): void {
  const ping = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    reply.type('text/plain; charset=utf-8').send('Ok.\n')
  app.get(`${prefix}/ping`, { config: { access: OPEN } }, ping)
  // Load balancers of ClickHouse ask this.
  if (prefix === '') app.get('/replicas_status', { config: { access: OPEN } }, ping)

  const facts = cachedFacts(context.warehouse)
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    try {
      await run({ context, sql, sessions, facts, request, reply })
    } catch (error) {
      sendError(context, reply, error)
    }
    return reply
  }
  for (const url of prefix === '' ? ['/'] : [prefix, `${prefix}/`]) {
    app.route({
      method: ['GET', 'POST'],
      url,
      config: { access: READ, body: 'bytes' },
      handler: answer,
      // Requests refused before the handler runs get the error in the form that these clients read.
      errorHandler: (error, _request, reply) => sendError(context, reply, error),
    })
  }
}

interface Exchange {
  readonly context: QueryContext
  readonly sql: SqlService
  readonly sessions: ClickHouseSessions
  readonly facts: () => Promise<EngineFacts>
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function run({ context, sql, sessions, facts, request, reply }: Exchange): Promise<void> {
  const startedMs = performance.now()
  const { tenant, accounts } = identityOf(request)
  const asked = await readClickHouseRequest(
    request.query as RawQuery,
    request.headers,
    request.body as Uint8Array | undefined,
    context.warehouse.database,
  )
  reply.header('x-clickhouse-query-id', asked.queryId)
  if (asked.sql.trim() === '') {
    // The answer for people who open the address in a browser; some clients also use it as a ping.
    reply.type('text/plain; charset=utf-8').send('Ok.\n')
    return
  }
  const statement = readStatement(asked.sql, asked.defaultFormat)
  const { session } = asked
  const ofSession = session === undefined ? {} : sessions.open(ownerKey({ tenant, accounts }), session)
  const engine = await facts()
  reply
    .header('x-clickhouse-server-display-name', 'wattline')
    .header('x-clickhouse-timezone', engine.timeZone)
    .header('x-clickhouse-format', statement.format.name)
    .type(statement.format.contentType)
  if (sendHandshake(engine, reply, statement, asked)) return
  const signal = disconnectSignal(reply)
  const sqlRequest = {
    statement,
    params: bindParameters(statement.text, asked.parameters),
    chosen: { ...ofSession, ...asked.settings },
    tenant,
    accounts,
    signal,
    named: { queryId: asked.queryId, user: asked.user },
    ...(asked.maxSeconds === undefined ? {} : { maxSeconds: asked.maxSeconds }),
  }
  const send = (result: FencedResult): Promise<void> => {
    const reader = readerLimits(context.config.limits.sql, reason =>
      context.events.emit('answerCut', { reason, tenant }),
    )
    return sendResult(reply, result, { ...asked, reader, startedMs })
  }
  const command = readCommand(statement.text)
  if (command === undefined) return await sql.run(sqlRequest, send)
  const { database } = context.warehouse
  if (!(await carryOut(command, { sql, sessions, database, request: sqlRequest, session }, send)))
    reply.send('')
}

/** Largest answer that is made completely before it is sent. */
const WHOLE_MAX_BYTES = 4_194_304

/** Native with a protocol revision: see native-handshake.ts. */
function sendHandshake(
  engine: EngineFacts,
  reply: FastifyReply,
  statement: Statement,
  asked: ClickHouseRequest,
): boolean {
  const revision = asked.clientProtocolVersion
  if (statement.format.name !== 'Native' || revision === undefined || !isHandshake(statement.text))
    return false
  const block = handshakeBlock(engine, revision)
  reply.send(asked.compress ? Buffer.concat([...compressedBlocks(block)]) : Buffer.from(block))
  return true
}

async function sendResult(
  reply: FastifyReply,
  result: FencedResult,
  {
    coding,
    compress,
    reader,
    waitsForEnd,
    startedMs,
  }: Pick<SendOptions, 'coding' | 'reader'> &
    Pick<ClickHouseRequest, 'compress' | 'waitsForEnd'> & {
      readonly startedMs: number
    },
): Promise<void> {
  const tag = exceptionTag()
  const { chunks, summary } = summarised(result, startedMs)
  reply.header('x-clickhouse-exception-tag', tag)
  await sendChunks(reply, compress ? compressed(chunks) : chunks, {
    coding,
    reader,
    ...(waitsForEnd ? { headBytes: WHOLE_MAX_BYTES } : {}),
    onHead: isWhole => {
      reply.header(SUMMARY, summary())
      // The figures of a long answer are known when it has been sent.
      if (!isWhole) reply.trailer(SUMMARY, async () => summary())
    },
    onLate: error => {
      const trailer = lateFailure(error, tag)
      return compress ? Buffer.concat([...compressedBlocks(trailer)]) : trailer
    },
  })
}

/** `\r\n__exception__\r\n<tag>\r\n<message>\n<length> <tag>\r\n__exception__\r\n` */
function lateFailure(error: unknown, tag: string): Uint8Array {
  const { text } = asEngineError(asWattlineError(error, 'sql_failed'))
  const message = `${text}\n`
  const length = Buffer.byteLength(message)
  return Buffer.from(`\r\n__exception__\r\n${tag}\r\n${message}${length} ${tag}\r\n__exception__\r\n`)
}

function sendError(context: QueryContext, reply: FastifyReply, thrown: unknown): void {
  if (reply.sent || reply.raw.destroyed) return
  const error = asWattlineError(thrown, 'invariant_broken')
  if (error.status >= 500) context.events.emit('requestFailed', { code: error.code }, thrown)
  const { number, status, text } = asEngineError(error)
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.code === 'unauthenticated') reply.header('www-authenticate', CHALLENGE)
  reply
    .code(status)
    .removeHeader('content-encoding')
    .header('x-clickhouse-exception-code', String(number))
    .type('text/plain; charset=utf-8')
    .send(`${text}\n`)
}
