/** The real KEDA on the control plane: its operator, its metrics server and its admission webhooks. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { createAuthority } from '../../support/certificates.ts'
import { kedaPrograms } from '../build/programs.ts'
import { aggregate } from './aggregated.ts'
import { startChild, waitFor } from './child.ts'
import type { ControlPlane } from './control-plane.ts'
import { freePort } from './ports.ts'

const SERVICE = 'keda-metrics-apiserver'
const WEBHOOKS = 'keda-admission'

/** Resolves when KEDA answers metrics and judges objects. */
export async function startKeda(plane: ControlPlane) {
  const { bin, source } = await kedaPrograms()
  const folder = join(plane.folder, 'keda')
  const authority = createAuthority('keda')
  const { cert, key } = authority.issue([
    'localhost',
    'keda-operator.keda.svc',
    `${SERVICE}.keda.svc`,
    '127.0.0.1',
  ])
  // Each leg that wants it starts one of its own.
  await mkdir(folder, { recursive: true })
  const files = { 'ca.crt': authority.cert, 'tls.crt': cert, 'tls.key': key }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const environment = {
    KUBECONFIG: plane.kubeconfig,
    POD_NAMESPACE: 'keda',
    KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda',
    POD_NAME: 'keda',
    WATCH_NAMESPACE: '',
  }
  const crds = join(source, 'config/crd/bases')
  for (const name of await readdir(crds))
    await plane.kubectl('apply', '--server-side', '--validate=false', '-f', join(crds, name))
  const [grpc, port, webhooks] = [await freePort(), await freePort(), await freePort()]
  await aggregate(plane, {
    groups: [['external.metrics.k8s.io', 'v1beta1']],
    service: SERVICE,
    namespace: 'keda',
    port,
    authority: authority.cert,
  })
  const probes = ['--metrics-bind-address=0', '--health-probe-bind-address=0']
  const operator = startChild(
    join(bin, 'operator'),
    [
      ...[
        '--enable-cert-rotation=false',
        `--cert-dir=${folder}`,
        `--metrics-service-bind-address=127.0.0.1:${grpc}`,
      ],
      ...['--kube-api-qps=200', '--kube-api-burst=400', '--zap-log-level=info', ...probes],
    ],
    { log: join(plane.folder, 'keda-operator.log'), environment, cwd: folder },
  )
  const adapter = startChild(
    join(bin, 'adapter'),
    [
      ...[
        `--metrics-service-address=localhost:${grpc}`,
        `--secure-port=${port}`,
        `--cert-dir=${folder}`,
        '--port=0',
        '--bind-address=127.0.0.1',
      ],
      ...[
        `--tls-cert-file=${folder}/tls.crt`,
        `--tls-private-key-file=${folder}/tls.key`,
        `--client-ca-file=${folder}/ca.crt`,
      ],
      ...['--lister-kubeconfig', plane.kubeconfig, '--authentication-kubeconfig', plane.kubeconfig],
      ...['--authorization-kubeconfig', plane.kubeconfig],
    ],
    { log: join(plane.folder, 'keda-adapter.log'), environment, cwd: folder },
  )
  const admission = startChild(
    join(bin, 'webhooks'),
    [`--cert-dir=${folder}`, `--port=${webhooks}`, ...probes],
    {
      log: join(plane.folder, 'keda-webhooks.log'),
      environment,
      cwd: folder,
    },
  )
  const children = [operator, adapter, admission]
  await plane.apply([await webhooksOf(source, webhooks, authority.cert)])
  await waitFor('the metrics server of KEDA is available', () => isAvailable(plane), {
    children,
    seconds: 180,
  })
  return {
    version: 'v2.21.0',
    async stop(): Promise<void> {
      await plane.kubectl('delete', 'validatingwebhookconfiguration', WEBHOOKS)
      await plane.kubectl('delete', 'apiservice', 'v1beta1.external.metrics.k8s.io')
      for (const child of children) await child.stop()
    },
  }
}

/** KEDA's own configuration of its webhooks, with an address on this machine in place of a Service. */
async function webhooksOf(source: string, port: number, authority: string): Promise<unknown> {
  const text = await readFile(join(source, 'config/webhooks/validation_webhooks.yaml'), 'utf8')
  const found = parseAllDocuments(text)[0]?.toJS() as {
    webhooks: {
      clientConfig: { service?: { path: string }; url?: string; caBundle?: string }
      failurePolicy: string
    }[]
  }
  for (const webhook of found.webhooks) {
    const { path } = webhook.clientConfig.service ?? { path: '' }
    webhook.clientConfig = {
      url: `https://127.0.0.1:${port}${path}`,
      caBundle: Buffer.from(authority).toString('base64'),
    }
    // An object that was not judged must not look like one that passed.
    webhook.failurePolicy = 'Fail'
  }
  return found
}

async function isAvailable(plane: ControlPlane): Promise<boolean> {
  const path = '/apis/external.metrics.k8s.io/v1beta1'
  const found = await plane.call<{ kind: string }>('GET', path)
  return found.kind === 'APIResourceList'
}
