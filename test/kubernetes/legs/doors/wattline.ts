/** Wattline as the legs of autoscaling need it: one process that decides, another that answers, and demand that is sent to it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority } from '../../../support/certificates.ts'
import { startProcess, type WattlineProcess } from '../../../support/wattline-process.ts'
import { waitFor } from '../../plane/child.ts'
import type { ControlPlane } from '../../plane/control-plane.ts'
import { freePort } from '../../plane/ports.ts'

/** Name and namespace of the Service of the metric APIs. */
export const SERVICE = { service: 'wattline-scaling', namespace: 'wattline' } as const
/** Watts of a replica x intensity: at 100 g/kWh a replica emits 20 g/h, and 20 of them are within the budget. */
const WATTS = 200
const BUDGET_G_PER_HOUR = 400
export const CLEAN = '100'
/** At 1000 g/kWh two replicas are within the budget. */
export const DIRTY = '1000'
export const DIRTY_REPLICAS = 2
export const STALE_SECONDS = 15

export class AnsweringWattline {
  readonly keda: number
  readonly kubernetes: number
  readonly http: number
  /** PEM of the authority of the metric APIs' certificate. */
  readonly authority: string
  readonly #folder: string
  readonly #demand = new Map<string, number>()
  readonly #decidingHttp: number
  readonly #decidingOtlp: number
  #deciding: WattlineProcess | null = null
  #answering: WattlineProcess | null = null
  #sender: NodeJS.Timeout | null = null

  private constructor(folder: string, ports: readonly number[], authority: string) {
    this.#folder = folder
    const [keda = 0, kubernetes = 0, http = 0, decidingHttp = 0, decidingOtlp = 0] = ports
    this.keda = keda
    this.kubernetes = kubernetes
    this.http = http
    this.#decidingHttp = decidingHttp
    this.#decidingOtlp = decidingOtlp
    this.authority = authority
  }

  /** Starts both processes with a policy for each Deployment. */
  static async start(
    plane: ControlPlane,
    folder: string,
    names: readonly string[],
  ): Promise<AnsweringWattline> {
    const authority = createAuthority('wattline metric apis')
    const { cert, key } = authority.issue([`${SERVICE.service}.${SERVICE.namespace}.svc`])
    const ports = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()]
    const wattline = new AnsweringWattline(folder, ports, authority.cert)
    for (const name of ['deciding', 'answering']) await mkdir(join(folder, name), { recursive: true })
    const files = { 'tls.crt': cert, 'tls.key': key, 'front-proxy.crt': plane.frontProxy.cert }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    await wattline.#writeConfigurations(names)
    await wattline.startDeciding()
    await wattline.startAnswering()
    wattline.#sender = setInterval(() => void wattline.#send(), 1_000)
    return wattline
  }

  /** What has to be done from now on: one replica does one of it. null: nothing is said any more. */
  demand(name: string, value: number | null): void {
    if (value === null) this.#demand.delete(name)
    else this.#demand.set(name, value)
  }

  /** For some hours around now. */
  async intensity(gramsPerKwh: string): Promise<void> {
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000
    const iso = (ms: number): string => new Date(ms).toISOString()
    const values = [{ from: iso(hour - 3_600_000), to: iso(hour + 3 * 3_600_000), g_per_kwh: gramsPerKwh }]
    const response = await fetch(`http://127.0.0.1:${this.#decidingHttp}/api/v1/factors/intensity`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ zone: 'DE', source: 'test', values }),
    })
    if (!response.ok) throw new Error(`intensity: ${response.status} ${await response.text()}`)
  }

  /** What an autoscaler is told now. */
  async answer(name: string): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.http}/api/v1/scaling/${name}?stale=allow`)).text()
  }

  /** Where the process that decides answers as Prometheus does. */
  get prometheus(): string {
    return `http://127.0.0.1:${this.#decidingHttp}/prometheus`
  }

  async startDeciding(): Promise<void> {
    const environment = {
      WATTLINE_LISTEN_HTTP: `${this.#decidingHttp}`,
      WATTLINE_LISTEN_OTLP_HTTP: `${this.#decidingOtlp}`,
      WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
    }
    const data = join(this.#folder, 'deciding')
    this.#deciding = await startProcess({ data, environment, roles: 'collector,processors,query' })
  }

  async startAnswering(): Promise<void> {
    const environment = {
      WATTLINE_LISTEN_HTTP: `${this.http}`,
      WATTLINE_LISTEN_CLICKHOUSE: '0',
      WATTLINE_LISTEN_KEDA: `${this.keda}`,
      WATTLINE_LISTEN_KUBERNETES: `${this.kubernetes}`,
      WATTLINE_SCALING_SOURCE_URL: `http://127.0.0.1:${this.#decidingHttp}`,
    }
    const data = join(this.#folder, 'answering')
    this.#answering = await startProcess({ data, environment, roles: 'scaling' })
  }

  async killDeciding(): Promise<void> {
    await this.#deciding?.end('SIGKILL')
    this.#deciding = null
  }

  async killAnswering(): Promise<void> {
    await this.#answering?.end('SIGKILL')
    this.#answering = null
  }

  async stop(): Promise<void> {
    if (this.#sender !== null) clearInterval(this.#sender)
    await this.#answering?.end('SIGTERM')
    await this.#deciding?.end('SIGTERM')
  }

  async #writeConfigurations(names: readonly string[]): Promise<void> {
    const policy = (name: string) => ({
      interval: '1s',
      stale_after: `${STALE_SECONDS}s`,
      demand: { metric: { name: 'queue.length', labels: { policy: name } }, target_per_replica: 1 },
      ceiling: { replicas: 20, carbon_budget_g_per_hour: BUDGET_G_PER_HOUR },
      replica: { watts: WATTS, zone: 'DE' },
      scale_down: { stabilisation: 0 },
      kubernetes: { namespace: 'default', name },
    })
    const common = { factors: { zone: 'DE', pue: '1' } }
    const deciding = {
      ...common,
      listen: { keda: 'off' },
      scaling: Object.fromEntries(names.map(name => [name, policy(name)])),
    }
    const metricApis = {
      cert: join(this.#folder, 'tls.crt'),
      key: join(this.#folder, 'tls.key'),
      client_ca: join(this.#folder, 'front-proxy.crt'),
    }
    const answering = {
      ...common,
      autoscalers: { namespaces: [{ match: '*', tenant: 'default' }], kubernetes: metricApis },
    }
    // YAML is a superset of JSON.
    await writeFile(join(this.#folder, 'deciding/wattline.yaml'), JSON.stringify(deciding))
    await writeFile(join(this.#folder, 'answering/wattline.yaml'), JSON.stringify(answering))
  }

  async #send(): Promise<void> {
    const timeUnixNano = `${Date.now()}000000`
    const dataPoints = [...this.#demand].map(([name, asDouble]) => ({
      ...{ timeUnixNano, asDouble },
      attributes: [{ key: 'policy', value: { stringValue: name } }],
    }))
    if (dataPoints.length === 0) return
    const metrics = [{ name: 'queue.length', unit: '1', gauge: { dataPoints } }]
    await fetch(`http://127.0.0.1:${this.#decidingOtlp}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
    }).catch(() => undefined)
  }
}

/** Waits until autoscalers are told a fresh number. */
export const answerBecomes = (
  wattline: AnsweringWattline,
  name: string,
  replicas: number,
): Promise<unknown> =>
  waitFor(
    `the answer for ${name} is ${replicas}`,
    async () => {
      const text = await wattline.answer(name)
      if ((JSON.parse(text) as { replicas?: number }).replicas === replicas) return true
      throw new Error(text.slice(0, 600))
    },
    { seconds: 90 },
  )
