/** Steps that start their own process. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { Step } from './case.ts'

const COMMAND = new URL('../../cli/wattline.cjs', import.meta.url).pathname

async function inFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-case-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs `wattline check` on a file. */
export const checkYaml = (step: Extract<Step, { do: 'check' }>): Promise<readonly string[]> =>
  inFolder(folder => {
    writeFileSync(join(folder, 'case.yaml'), step.yaml)
    const { status, stdout, stderr } = spawnSync(COMMAND, ['check', '--config', 'case.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    })
    const text = stdout + stderr
    const missing = (step.answer_has ?? []).filter(part => !text.includes(part))
    return [
      ...(status === step.exit ? [] : [`got exit ${status} ${text.slice(0, 300)}, right ${step.exit}`]),
      ...missing.map(part => `it does not say ${JSON.stringify(part)}: ${text.slice(0, 300)}`),
    ]
  })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts a process, reads the first lines of its output and disconnects: it must keep serving, and stop when asked. */
export const outputGoesAway = (step: Extract<Step, { do: 'process' }>): Promise<readonly string[]> =>
  inFolder(async folder => {
    const port = await freePort()
    // Both outputs into one pipe, as with service managers and `2>&1 |`.
    const child = spawn('sh', ['-c', `exec ${COMMAND} run 2>&1`], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        WATTLINE_DATA: join(folder, 'data'),
        WATTLINE_LISTEN_HTTP: String(port),
        WATTLINE_LISTEN_OTLP_HTTP: '0',
        WATTLINE_LISTEN_OTLP_GRPC: '0',
        WATTLINE_LISTEN_CLICKHOUSE: '0',
        WATTLINE_LISTEN_KEDA: '0',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    try {
      await readLines(child.stdout, step.read_lines)
      child.stdout.destroy()
      const serves = await healthyWithin(port, 30_000)
      if (!serves) return [`it does not serve once nobody reads its output (exit ${child.exitCode})`]
      child.kill('SIGTERM')
      const stopped = await Promise.race([
        ended.then(() => true),
        delay(step.stops_within * 1000, false, { ref: false }),
      ])
      return stopped ? [] : [`SIGTERM did not stop it within ${step.stops_within} s`]
    } finally {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await ended
      }
    }
  })

function readLines(stream: NodeJS.ReadableStream, count: number): Promise<void> {
  return new Promise(resolve => {
    let seen = 0
    const lines = createInterface({ input: stream })
    lines.on('line', () => {
      seen += 1
      if (seen < count) return
      lines.close()
      resolve()
    })
    lines.once('close', resolve)
  })
}

/** For three consecutive seconds, to detect a process that answers once and then ends. */
async function healthyWithin(port: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  const healthy = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null)
    return response?.ok === true
  }
  while (!(await healthy())) {
    if (Date.now() > deadline) return false
    await delay(200)
  }
  await delay(3_000)
  return healthy()
}
