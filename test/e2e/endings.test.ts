// Guarantees: a stop is carried out whenever it is requested, also while starting, and the echo of a signal does not
// interrupt it; another signal after a while ends the process at once, with a message; an uncaught error is reported as
// an event and ends the process with 1; a start that fails late ends it too, with a remedy.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually, until } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'

const ROOT = new URL('../../', import.meta.url).pathname
let data: string

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wattline-endings-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

it('stops with 0 when asked during its start', async () => {
  const child = spawn(process.execPath, [`${ROOT}cli/wattline.cjs`, 'run'], {
    env: {
      ...process.env,
      WATTLINE_DATA: data,
      WATTLINE_LISTEN_HTTP: '0',
      WATTLINE_LISTEN_OTLP_HTTP: '0',
      WATTLINE_LISTEN_OTLP_GRPC: '0',
      WATTLINE_LISTEN_CLICKHOUSE: '0',
      WATTLINE_LISTEN_KEDA: '0',
      WATTLINE_LOG_LEVEL: 'error',
    },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await eventually(
    async () => existsSync(join(data, 'lock')),
    exists => exists,
  )
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

it('drains completely when asked twice', async () => {
  const wattline = await startProcess({ data })
  process.kill(wattline.pid, 'SIGINT')
  process.kill(wattline.pid, 'SIGTERM')
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(await wattline.end('SIGTERM')).toBe(0)
})

it('ends at once when asked again while something delays draining', async () => {
  const wattline = await startProcess({ data })
  const { hostname, port } = new URL(wattline.http)
  const held = connect(Number(port), hostname)
  held.write('POST /api/v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{')
  held.on('error', () => {})
  // Answered on another connection: earlier requests have been read.
  await fetch(`${wattline.http}/healthz`)
  process.kill(wattline.pid, 'SIGTERM')
  await until(async () => (await fetch(`${wattline.http}/readyz`).catch(() => null))?.ok !== true)
  // A signal within a second of the first one is its echo.
  await new Promise(resolve => setTimeout(resolve, 1_100))
  expect(await wattline.end('SIGTERM')).toBe(1)
  expect(wattline.stderr.join('\n')).toMatch(/shutdown_incomplete: it received a second stop signal/)
  held.destroy()
})

it('reports an uncaught rejection, and ends with 1', async () => {
  const { promise: ended, resolve } = Promise.withResolvers<number | null>()
  const wattline = await startProcess({
    data,
    entry: `${ROOT}test/support/defective-entry.ts`,
    onSpawn: child => child.once('exit', resolve),
  })
  process.kill(wattline.pid, 'SIGUSR2')
  expect(await ended).toBe(1)
  // Its last lines may be read after its end.
  const failed = (): string | undefined => wattline.stderr.find(text => text.includes('processFailed'))
  await until(() => failed() !== undefined)
  expect(JSON.parse(failed() ?? '')).toMatchObject({
    msg: 'processFailed',
    kind: 'unhandledRejection',
    err: { message: 'nobody waits for this' },
  })
})

it('ends when the last part cannot start', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const port = `${(taken.address() as AddressInfo).port}`
  const start = startProcess({ data, environment: { WATTLINE_LISTEN_HTTP: port } })
  await expect(start).rejects.toThrow(
    /ended with 1[\s\S]*address_in_use: .*Stop the process that uses the port/,
  )
  taken.close()
})

it('gives a remedy for a folder that is not writable', async () => {
  const file = join(data, 'a-file')
  writeFileSync(file, '')
  const start = startProcess({ data, environment: { WATTLINE_DATA: file } })
  await expect(start).rejects.toThrow(
    /ended with 1[\s\S]*config_invalid: [\s\S]*a-file is a file: set it to a folder/,
  )
})
