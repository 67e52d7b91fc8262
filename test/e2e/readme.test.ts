// Guarantees: the commands in the README work on this very machine and show the promised output: `top` and `usage` list
// real workloads, SQL finds the span sent by hand, and the query of the books shows a difference of 0.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resolveConfig } from '../../core/catalogue/config/load.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const root = new URL('../../', import.meta.url).pathname
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const data = mkdtempSync(join(tmpdir(), 'wattline-readme-'))
let wattline: WattlineProcess

beforeAll(async () => {
  const environment = { WATTLINE_SENSORS_INTERVAL: '1', WATTLINE_METERING_LATENESS: '2' }
  wattline = await startProcess({ data, sensors: true, environment })
})

afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '')

/** Runs the one shell block of the README that contains the words, with the process of this test. */
async function runBlock(words: string): Promise<string> {
  const found = blocks('sh').filter(text => text.includes(words))
  expect(found, words).toHaveLength(1)
  const script = found[0]!.replaceAll('http://127.0.0.1:4318', wattline.otlp)
  const environment = { ...process.env, WATTLINE_URL: wattline.http }
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: root, env: environment })
  return stdout
}

it('shows live watts of this machine with their quality', async () => {
  const view = await eventually(
    () => runBlock('-- top --once'),
    text => text.includes('total'),
  )
  expect(view).toMatch(/ W (measured|estimated)/)
  expect(view).toMatch(/^node +process/m)
  // A machine busy with its own tests may have nothing idle: `top` then says that the rest drew nothing.
  expect(view).toMatch(/^idle +idle|drew nothing in this interval$/m)
})

it('finds the span that was sent by hand', async () => {
  await runBlock('/v1/traces')
  const found = await eventually(
    () => runBlock("ServiceName = 'shop'"),
    text => text.includes('checkout'),
  )
  expect(found).toMatch(/shop +checkout +250/)
})

it('lists usage after the first minute is closed', { timeout: 150_000 }, async () => {
  const usage = await eventually(
    () => runBlock('usage --window 5m'),
    text => /^default +process +node +active/m.test(text),
    120_000,
  )
  expect(usage).toMatch(/^operator .* (idle|unattributed) /m)
  expect(usage).toMatch(/^total /m)
})

it('shows that the books balance to the microjoule', async () => {
  const [query] = blocks('sql')
  const rows = await wattline.sql<{ meter_uj: string; ledger_uj: string; difference: string }>(query!)
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row).toMatchObject({ difference: '0', ledger_uj: row.meter_uj })
})

it('has a valid configuration example', () => {
  const [yaml] = blocks('yaml')
  const result = resolveConfig({ yaml, environment: {}, readFile: () => '' })
  expect(result).toMatchObject({ ok: true, config: { factors: { zone: 'DE', pue: '1.2' } } })
})
