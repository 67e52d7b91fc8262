// Guarantees: a process of role scaling alone, which must answer autoscalers at once, loads no engine, no log, no collector, no processor,
// no bundler and no exporter of spans; and a command loads none but itself.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startProcess } from '../support/wattline-process.ts'

const ROOT = new URL('../../', import.meta.url)
const HOOK = new URL('../support/loaded-modules.ts', import.meta.url).pathname

let folder = ''
let environment: Record<string, string> = {}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-loaded-'))
  environment = { NODE_OPTIONS: `--import=${HOOK}`, LOADED_MODULES: join(folder, 'modules') }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Packages, and folders of the product, that were loaded. */
const loaded = (): ReadonlySet<string> =>
  new Set(
    readFileSync(join(folder, 'modules'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(url => {
        const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
        return name ?? url.replace(ROOT.href, '')
      }),
  )

const HEAVY = ['chdb', 'lmdb', 'esbuild', 'koffi', '@platformatic/kafka', '@clickhouse/client']

it('role scaling loads what answers need', async () => {
  writeFileSync(join(folder, 'wattline.yaml'), 'scaling_source: {url: "http://127.0.0.1:1"}\n')
  const wattline = await startProcess({ data: folder, roles: 'scaling', environment })
  await wattline.end('SIGTERM')
  const modules = loaded()
  expect(modules).toContain('query/status-server.ts')
  expect(HEAVY.filter(name => modules.has(name))).toEqual([])
  const heavy = [...modules].filter(
    name =>
      name.startsWith('@opentelemetry/') ||
      /^(collector|dashboards|core\/(broker\/(embedded|kafka)|warehouse|backup))\//.test(name) ||
      /^processors\/(?!readers\.ts|meter\/(?:state|samples)\/|store\/row-ages\.ts)/.test(name) ||
      /^cli\/(backup|export|import|invoice|simulate)\.ts$/.test(name),
  )
  expect(heavy).toEqual([])
})

it('a command loads itself, and help loads all', async () => {
  const run = promisify(execFile)
  const env = { ...process.env, ...environment }
  const entry = new URL('cli/wattline.cjs', ROOT).pathname
  await run(process.execPath, [entry, 'token', '--help'], { env })
  expect(loaded()).toContain('cli/token.ts')
  expect([...loaded()].filter(name => [...HEAVY, 'cli/backup.ts', 'cli/run.ts'].includes(name))).toEqual([])
  const { stdout } = await run(process.execPath, [entry, '--help'], { env })
  expect(stdout).toMatch(/backup/)
  expect(loaded()).toContain('cli/backup.ts')
})
