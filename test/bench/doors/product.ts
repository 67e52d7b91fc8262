/** A process of role `scaling` alone, with answers to give and the rest of the product away. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { answerOf } from '../../query/scaling/answers.ts'

/** Policies are named `policy-0` and so on. */
export const nameOf = (policy: number): string => `policy-${policy}`

/** The process, and where it listens: `http`, `KEDA`, `metrics API`. */
export interface Product {
  readonly child: ChildProcess
  readonly address: (name: string) => string
}

/** @param folder has `cert`, `key` and `ca` */
export async function startProduct(folder: string, policies: number): Promise<Product> {
  const nowS = Date.now() / 1_000
  const answers = Array.from({ length: policies }, (_, policy) => {
    const object = { namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf(policy) }
    const answer = answerOf({ tenant: 'default', name: nameOf(policy), decidedAt: nowS, asOf: nowS, object })
    return { ...answer, staleAfterSeconds: 86_400 }
  })
  writeFileSync(join(folder, 'scaling-answers.json'), JSON.stringify({ version: 1, answers }))
  const config = {
    roles: ['scaling'],
    data: folder,
    listen: { http: 0, clickhouse: 0, keda: 0, kubernetes: 0 },
    // Nothing listens there: the rest of the product is away.
    scaling_source: { url: 'http://127.0.0.1:9' },
    telemetry: { traces: false },
    log: { level: 'error' },
    autoscalers: {
      namespaces: [{ match: '*', tenant: 'default' }],
      kubernetes: { cert: join(folder, 'cert'), key: join(folder, 'key'), client_ca: join(folder, 'ca') },
    },
  }
  writeFileSync(join(folder, 'wattline.yaml'), JSON.stringify(config))
  const entry = new URL('../../../cli/wattline.cjs', import.meta.url).pathname
  // As `npm start` and the image do.
  const flags = ['--max-semi-space-size=4']
  const child = spawn(process.execPath, [...flags, entry, 'run', '--config', join(folder, 'wattline.yaml')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const addresses = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /https?:\/\/[\d.]+:\d+/.exec(line)?.[0]
    if (url !== undefined) addresses.set(/KEDA|metrics API/.exec(line)?.[0] ?? 'http', url)
    if (line.includes('Stop with Ctrl-C')) break
  }
  return { child, address: name => addresses.get(name) ?? '' }
}
