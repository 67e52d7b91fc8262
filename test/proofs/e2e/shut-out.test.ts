// Guarantees, with a whole process and several tenants: readers that stop reading are disconnected, and their
// statements leave the engine; a revoked token ends its running answers within seconds, and its incomplete bodies are
// refused; incomplete requests end on every port; statements of one tenant, as many as it may have, do not delay
// others.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-shut-out-'))
const file = join(data, 'tokens.yaml')
const tokens = { noisy: newToken(), quiet: newToken(), gone: newToken(), default: newToken() }
let wattline: WattlineProcess
/** Started first: they take a while. */
let unfinished: Promise<unknown>[]

function writeTokens(names: readonly (keyof typeof tokens)[]): void {
  const lines = names.map(tenant => {
    const hash = tokenHash(tokens[tenant]).toString('hex')
    return `- {tenant: ${tenant}, scopes: [ingest, read], sha256: "${hash}"}\n`
  })
  writeFileSync(file, lines.join(''))
}

beforeAll(async () => {
  writeTokens(['noisy', 'quiet', 'gone', 'default'])
  wattline = await startProcess({
    data,
    // Statements end because they are stopped, not by their own limit; half of this time one more may wait for its
    // turn.
    environment: { WATTLINE_AUTH_TOKENS_FILE: file, WATTLINE_LIMITS_SQL_SECONDS: '60' },
  })
  unfinished = sendUnfinished()
})
afterAll(async () => {
  expect(await wattline.end('SIGTERM')).toBe(0)
  rmSync(data, { recursive: true, force: true })
})

function plain(base: string): Socket {
  const { hostname, port } = new URL(base)
  return connect({ host: hostname, port: Number(port) }).on('error', () => undefined)
}

/** Queries over its own connection, which the test reads from or not. */
function ask(base: string, method: string, path: string, token: string, more = ''): Socket {
  const socket = plain(base)
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${more}\r\n`)
  return socket
}

const statement = (sql: string): string => `/clickhouse/?query=${encodeURIComponent(sql)}`
const LONG = statement('SELECT number, toString(number) FROM numbers(1000000000) FORMAT TabSeparated')
const HEAVY = statement('SELECT count() FROM numbers(100000000000) WHERE cityHash64(number) = 1')

async function statusOf(path: string, token: string): Promise<number> {
  const answer = await fetch(`${wattline.http}${path}`, { headers: { authorization: `Bearer ${token}` } })
  await answer.arrayBuffer()
  return answer.status
}

async function cuts(reason: string): Promise<number> {
  const headers = { authorization: `Bearer ${tokens.default}` }
  const text = await (await fetch(`${wattline.http}/metrics`, { headers })).text()
  const line = new RegExp(`^wattline_answers_cut_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)
  return Number(line?.[1] ?? 0)
}

describe('one tenant and the others', () => {
  it('does not delay others through readers that stop reading, which are disconnected', async () => {
    const unread = Array.from({ length: 8 }, () => ask(wattline.http, 'GET', LONG, tokens.noisy))
    await Promise.all(unread.map(socket => once(socket, 'readable')))
    // At once: on a busy machine the first one would be disconnected while the others are started one by one.
    const statuses = [
      statusOf(statement('SELECT 1'), tokens.noisy),
      statusOf(statement('SELECT 1'), tokens.quiet),
      statusOf('/api/v1/usage?window=5m', tokens.quiet),
    ]
    expect(await Promise.all(statuses)).toEqual([429, 200, 200])
    await eventually(
      () => cuts('stalled'),
      count => count === 8,
    )
    await eventually(
      () => statusOf(statement('SELECT 1'), tokens.noisy),
      status => status === 200,
    )
    for (const socket of unread) socket.destroy()
  })

  it('does not delay others through heavy statements', async () => {
    const heavy = Array.from({ length: 8 }, () => ask(wattline.http, 'GET', HEAVY, tokens.noisy))
    await eventually(
      () => statusOf(statement('SELECT 1'), tokens.noisy),
      status => status === 429,
    )
    const statuses = Array.from({ length: 5 }, () => [
      statusOf(statement('SELECT count() FROM otel_traces'), tokens.quiet),
      statusOf('/api/v1/usage?window=5m', tokens.quiet),
      statusOf('/api/v1/traces', tokens.quiet),
    ]).flat()
    expect(await Promise.all(statuses)).toEqual(Array(15).fill(200))
    for (const socket of heavy) socket.destroy()
  })

  it('ends statements and streams of a revoked token, and nothing else', async () => {
    const mine = ask(wattline.http, 'GET', HEAVY, tokens.gone)
    const other = ask(wattline.http, 'GET', HEAVY, tokens.quiet)
    const body = ask(
      wattline.otlp,
      'POST',
      '/v1/traces',
      tokens.gone,
      'content-type: application/x-protobuf\r\ncontent-length: 4\r\n',
    )
    body.write('\n\u0000')
    let answer = ''
    body.on('data', text => {
      answer += text
    })
    await eventually(
      () => statusOf(statement('SELECT 1'), tokens.gone),
      status => status === 200,
    )
    writeTokens(['noisy', 'quiet', 'default'])
    const [isError] = (await once(mine, 'close')) as [boolean]
    expect(isError).toBe(false)
    expect(mine.bytesRead).toBe(0)
    body.write('\n\u0000')
    await eventually(
      async () => answer,
      text => text.includes('\r\n'),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(await cuts('revoked')).toBe(1)
    expect([other.closed, await statusOf(statement('SELECT 1'), tokens.quiet)]).toEqual([false, 200])
    for (const socket of [other, body]) socket.destroy()
  })
})

it('ends incomplete requests, on every port', async () => {
  await Promise.all(unfinished)
})

/**
 * Nothing, half a head, a body that does not arrive. Bodies of telemetry may take a minute: test/contract/otlp has
 * them.
 */
function sendUnfinished(): Promise<unknown>[] {
  const silent = [wattline.http, wattline.otlp, wattline.otlpGrpc].map(base => plain(base))
  const half = [wattline.http, wattline.otlp].map(base => {
    const socket = plain(base)
    socket.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\n')
    return socket
  })
  const announced = 'content-type: application/json\r\ncontent-length: 100\r\n'
  const bodyless = ask(wattline.http, 'POST', '/api/v1/sql', tokens.quiet, announced)
  bodyless.write('{"query"')
  return [...silent, ...half, bodyless].map(socket => once(socket.resume(), 'close'))
}
