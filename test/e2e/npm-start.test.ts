// Guarantees: everything that `npm start` starts ends with it. Service managers send SIGTERM only to npm, and a shell
// in between would leave the instance running, with its ports and its folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { eventually } from '../support/until.ts'

const answers = (url: string): Promise<boolean> =>
  fetch(url)
    .then(({ ok }) => ok)
    .catch(() => false)

it('ends with npm', async () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-npm-'))
  const npm = spawn('npm', ['start'], {
    cwd: new URL('../../', import.meta.url).pathname,
    env: {
      PATH: process.env['PATH'],
      HOME: data,
      WATTLINE_DATA: data,
      WATTLINE_LISTEN_HTTP: '0',
      WATTLINE_LISTEN_OTLP_HTTP: '0',
      WATTLINE_LISTEN_OTLP_GRPC: '0',
      WATTLINE_LISTEN_CLICKHOUSE: '0',
      WATTLINE_LISTEN_KEDA: '0',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
    // Its own group, so that nothing of it outlives this test.
    detached: true,
  })
  const ended = once(npm, 'exit') as Promise<[number | null]>
  try {
    let address = ''
    for await (const line of createInterface({ input: npm.stdout })) {
      address = /page and API\s+(\S+)/.exec(line)?.[1] ?? address
      if (line.includes('Ctrl-C')) break
    }
    expect(await answers(`${address}healthz`)).toBe(true)
    npm.kill('SIGTERM')
    expect((await ended)[0]).toBe(0)
    await eventually(
      () => answers(`${address}healthz`),
      alive => !alive,
    )
  } finally {
    try {
      process.kill(-npm.pid!, 'SIGKILL')
    } catch {
      // No process is left.
    }
    rmSync(data, { recursive: true, force: true })
  }
})
