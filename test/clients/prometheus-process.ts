import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../support/kafka/kafka-server.ts'
import { eventually } from '../support/until.ts'

export const JOB = 'shop-prometheus'

export interface PrometheusProcess {
  /** The `data` of its query API. */
  ask<Data>(path: 'query' | 'query_exemplars', parameters: Readonly<Record<string, string>>): Promise<Data>
  end(): Promise<void>
}

/** Another Prometheus than Debian's, and additions to its configuration. */
export interface PrometheusOptions {
  readonly command?: string
  readonly features?: readonly string[]
  readonly scrape?: object
  readonly remoteWrite?: object
}

/**
 * Prometheus that scrapes one target every half second and writes all of it to `writeUrl`; resolves when it is ready.
 */
export async function startPrometheus(
  targetPort: number,
  writeUrl: string,
  { command = 'prometheus', features = [], scrape = {}, remoteWrite = {} }: PrometheusOptions = {},
): Promise<PrometheusProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-prometheus-'))
  const [port = 0] = await freePorts(1)
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '400ms' },
    scrape_configs: [
      { job_name: JOB, static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }], ...scrape },
    ],
    remote_write: [
      {
        url: writeUrl,
        send_exemplars: true,
        metadata_config: { send_interval: '1s' },
        queue_config: { batch_send_deadline: '500ms' },
        ...remoteWrite,
      },
    ],
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--enable-feature=${['exemplar-storage', ...features].join()}`,
    '--log.level=warn',
  ]
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4_000)
  })
  const killChild = (): boolean => child.kill('SIGKILL')
  process.once('exit', killChild)
  const url = `http://127.0.0.1:${port}`
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      reply => reply.ok,
      () => false,
    )
  await eventually(isReady, ready => ready).catch(error => {
    throw new Error(`Prometheus did not start:\n${log}`, { cause: error })
  })
  return {
    async ask<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
      const reply = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
      if (!reply.ok) throw new Error(`Prometheus: ${reply.status} ${await reply.text()}`)
      return ((await reply.json()) as { data: Data }).data
    },
    async end() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      process.removeListener('exit', killChild)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
