import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collectorBinary } from './build.ts'

export interface CollectorProcess {
  readonly pid: number
  /** What it wrote to stderr so far. */
  log(): string
  end(): Promise<void>
}

/** Starts a real Collector with this configuration in JSON, which is YAML; resolves when it is ready. */
export async function startCollector(config: object): Promise<CollectorProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-otelcol-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(await collectorBinary(), ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const killChild = (): boolean => child.kill('SIGKILL')
  process.once('exit', killChild)
  let log = ''
  child.once('exit', () => {
    process.removeListener('exit', killChild)
    rmSync(folder, { recursive: true, force: true })
  })
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('Everything is ready')) resolve()
    })
    child.once('exit', code => reject(new Error(`the Collector ended with ${code}:\n${log.slice(-2_000)}`)))
    child.once('error', reject)
  })
  return {
    pid: child.pid as number,
    log: () => log,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
