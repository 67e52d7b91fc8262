/**
 * Guarantees of a process with tokens and TLS, as run in production: tokens made by the command line give access, each
 * only to its tenant, for the official exporter, the command line and HTTP clients; sensors write for the configured
 * tenant, and the process itself uses an unknown secret; files are followed while it runs, and broken ones rejected and
 * reported; a start or a check that would admit everybody is refused with the line that fixes it.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { spansAt } from '../collector/otlp/telemetry.ts'
import { createAuthority } from '../support/certificates.ts'
import { COMPILED } from '../support/compiled.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const root = new URL('../../', import.meta.url).pathname
const data = mkdtempSync(join(tmpdir(), 'wattline-access-'))
const file = (name: string): string => join(data, name)
const authority = createAuthority('Ours')
const tokens = { shop: '', bank: '', operator: '' }
let wattline: WattlineProcess

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command line, as a user of this machine has it. */
async function cli(
  given: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_COMPILE_CACHE: COMPILED,
    ...environment,
  }
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [join(root, 'cli/wattline.cjs'), ...given],
      { cwd: data, env },
    )
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

function writeCertificate(name: string): void {
  const { cert, key } = authority.issue([name, 'localhost', '127.0.0.1'])
  writeFileSync(file('tls.crt'), cert)
  writeFileSync(file('tls.key'), key)
}

beforeAll(async () => {
  const make = async (...given: string[]): Promise<string> =>
    (await cli(['token', ...given, '--add', file('tokens.yaml')])).stdout.trim()
  tokens.shop = await make('--tenant', 'shop', '--scopes', 'ingest,read')
  tokens.bank = await make('--tenant', 'bank', '--scopes', 'ingest,read')
  tokens.operator = await make('--tenant', 'default', '--scopes', 'read')
  writeCertificate('first.example')
  writeFileSync(file('authority.crt'), authority.cert)
  const environment = {
    WATTLINE_AUTH_TOKENS_FILE: file('tokens.yaml'),
    WATTLINE_LISTEN_TLS_CERT: file('tls.crt'),
    WATTLINE_LISTEN_TLS_KEY: file('tls.key'),
    WATTLINE_SENSORS_TENANT: 'shop',
    WATTLINE_SENSORS_INTERVAL: '1',
    WATTLINE_TELEMETRY_TRACES: 'true',
    WATTLINE_TELEMETRY_SAMPLE_RATIO: '1',
  }
  wattline = await startProcess({ data, sensors: true, environment })
})
afterAll(async () => {
  await wattline?.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly text: string
  readonly certificate: string
}

function ask(path: string, token = '', body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  const asked = request(
    new URL(path, wattline.http),
    { method: body === undefined ? 'GET' : 'POST', headers, ca: authority.cert, agent: false },
    response => {
      const certificate = String((response.socket as TLSSocket).getPeerCertificate().subject.CN)
      let text = ''
      response.on('data', chunk => {
        text += String(chunk)
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text, certificate }))
    },
  )
  asked.once('error', reject).end(body)
  return promise
}

async function rows(token: string, query: string): Promise<readonly Record<string, string>[]> {
  const { status, text } = await ask('/api/v1/sql', token, JSON.stringify({ query }))
  if (status !== 200) throw new Error(`${status}: ${text}`)
  return (JSON.parse(text) as { data: Record<string, string>[] }).data
}

async function send(token: string, name: string): Promise<number> {
  const exporter = new OTLPTraceExporter({
    url: `${wattline.otlp}/v1/traces`,
    headers: { authorization: `Bearer ${token}` },
    httpAgentOptions: { ca: authority.cert },
  })
  const { promise, resolve } = Promise.withResolvers<{ code: number }>()
  exporter.export(spansAt(Date.now(), [name]), resolve)
  const { code } = await promise
  await exporter.shutdown()
  return code
}

it('speaks only TLS, and says so', () => {
  expect([wattline.http, wattline.otlp].map(url => new URL(url).protocol)).toEqual(['https:', 'https:'])
})

it("stores each sender's data for its tenant and shows each reader its own", async () => {
  expect([await send(tokens.shop, 'of-shop'), await send(tokens.bank, 'of-bank')]).toEqual([0, 0])
  expect([await send('wl_wrong', 'x'), await send(tokens.operator, 'x')]).toEqual([1, 1])
  const names = (token: string) =>
    rows(token, 'SELECT DISTINCT Tenant, SpanName FROM otel_traces ORDER BY SpanName')
  await eventually(
    () => names(tokens.shop),
    found => found.length > 0,
  )
  await eventually(
    () => names(tokens.bank),
    found => found.length > 0,
  )
  expect(await names(tokens.shop)).toEqual([{ Tenant: 'shop', SpanName: 'of-shop' }])
  expect(await names(tokens.bank)).toEqual([{ Tenant: 'bank', SpanName: 'of-bank' }])
})

it('writes what this machine draws for the configured tenant', async () => {
  const tenants = (token: string) => rows(token, 'SELECT DISTINCT Tenant FROM readings')
  await eventually(
    () => tenants(tokens.shop),
    found => found.length > 0,
  )
  expect([await tenants(tokens.shop), await tenants(tokens.operator)]).toEqual([[{ Tenant: 'shop' }], []])
})

it('answers the command line with a token and the authority, and otherwise says what is missing', async () => {
  const url = { WATTLINE_URL: wattline.http }
  const trust = { NODE_EXTRA_CA_CERTS: file('authority.crt') }
  const query = ['sql', 'SELECT DISTINCT Tenant FROM otel_traces', '--format', 'csv']
  const [shop, bank, lag, none, narrow, untrusted] = await Promise.all([
    cli(query, { ...url, ...trust, WATTLINE_TOKEN: tokens.shop }),
    cli([...query, '--token', tokens.bank], { ...url, ...trust }),
    cli(['lag'], { ...url, ...trust, WATTLINE_TOKEN: tokens.operator }),
    cli(query, { ...url, ...trust }),
    cli(['lag'], { ...url, ...trust, WATTLINE_TOKEN: tokens.shop }),
    cli(query, url),
  ])
  expect(shop.stdout.trim().split(/\s+/)).toEqual(['Tenant', 'shop'])
  expect(bank.stdout.trim().split(/\s+/)).toEqual(['Tenant', 'bank'])
  expect(lag.stdout).toContain('store')
  expect(none).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^unauthenticated: The request has no token/),
  })
  expect(narrow).toMatchObject({ code: 1, stderr: expect.stringMatching(/^forbidden: /) })
  expect(untrusted).toMatchObject({ code: 1, stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS') })
})

it('follows its files: a removed token is refused, a new one accepted, a certificate renewed', async () => {
  const good = readFileSync(file('tokens.yaml'), 'utf8')
  const [shop = '', ...others] = good.trimEnd().split('\n')
  writeFileSync(file('tokens.yaml'), `${others.join('\n')}\n`)
  await eventually(
    () => ask('/api/v1/status', tokens.shop),
    answer => answer.status === 401,
  )
  expect((await ask('/api/v1/status', tokens.bank)).status).toBe(200)

  writeFileSync(file('tokens.yaml'), `${good}- {tenant: shop`)
  const kept = await eventually(
    () => ask('/readyz', tokens.operator),
    answer => answer.text.includes('notes'),
  )
  expect(JSON.parse(kept.text)).toMatchObject({
    ready: true,
    notes: [expect.stringContaining('stays in force')],
  })
  expect([
    (await ask('/api/v1/status', tokens.shop)).status,
    (await ask('/api/v1/status', tokens.bank)).status,
  ]).toEqual([401, 200])
  expect(wattline.stderr.filter(line => line.includes('filesRefused'))).toHaveLength(1)

  writeFileSync(file('tokens.yaml'), `${shop}\n${others.join('\n')}\n`)
  await eventually(
    () => ask('/api/v1/status', tokens.shop),
    answer => answer.status === 200,
  )
  expect((await ask('/readyz', tokens.operator)).text).not.toContain('notes')

  expect((await ask('/healthz')).certificate).toBe('first.example')
  writeCertificate('second.example')
  await eventually(
    () => ask('/healthz'),
    answer => answer.certificate === 'second.example',
  )
})

it('counts refused clients in metrics, without revealing their tokens', async () => {
  const { text } = await ask('/metrics', tokens.operator)
  expect(text).toMatch(/wattline_access_refused_total\{reason="unknown"\} \d+/)
  expect(text).toMatch(/wattline_files_refused_total\{what="auth.tokens_file"\} 1/)
  expect(wattline.stderr.join('\n')).not.toContain('wl_')
})

it('refuses to start if it would be open to everybody, with the line that fixes it', async () => {
  const environment = { WATTLINE_DATA: join(data, 'other'), WATTLINE_AUTH_TOKENS_FILE: file('broken.yaml') }
  writeFileSync(file('broken.yaml'), '- {tenant: "", scopes: [read]}')
  const [open, broken, absent] = await Promise.all([
    cli(['check'], { WATTLINE_LISTEN_HOST: '0.0.0.0' }),
    cli(['run'], environment),
    cli(['run'], { ...environment, WATTLINE_AUTH_TOKENS_FILE: file('none.yaml') }),
  ])
  expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('wattline token --tenant default') })
  expect(broken).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/auth\.tokens_file: .*0\.tenant.*0\.sha256/s),
  })
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('none.yaml') })
})

it('sends its own spans with its own credential', { timeout: 60_000 }, async () => {
  const own = () =>
    rows(tokens.operator, "SELECT count() AS n FROM otel_traces WHERE ServiceName = 'wattline'")
  await eventually(own, ([row]) => Number(row?.['n']) > 0)
  expect(
    await rows(tokens.shop, "SELECT count() AS n FROM otel_traces WHERE ServiceName = 'wattline'"),
  ).toEqual([{ n: '0' }])
})

it('stops in order, including its own port', async () => {
  expect(await wattline.end('SIGTERM')).toBe(0)
})
