/** A Kubernetes control plane on this machine: etcd, API server and controller manager. There are no nodes and no kubelet. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Authority, createAuthority } from '../../support/certificates.ts'
import { etcdProgram, kubernetesPrograms } from '../build/programs.ts'
import { type Child, startChild, waitFor } from './child.ts'
import { freePort } from './ports.ts'

const run = promisify(execFile)

export interface ControlPlane {
  readonly server: string
  readonly kubeconfig: string
  readonly token: string
  /** PEM of the authority that issued the API server's certificate. */
  readonly authority: Authority
  /** Whose certificate the API server shows to aggregated APIs. */
  readonly frontProxy: Authority
  readonly folder: string
  kubectl(...args: readonly string[]): Promise<string>
  /** Creates or changes objects; also of YAML text. */
  apply(objects: readonly unknown[] | string, options?: readonly string[]): Promise<void>
  /** One request of an administrator, or of whoever has the token. Rejects for statuses other than 2xx. */
  call<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T>
  stopServer(): Promise<void>
  startServer(): Promise<void>
  stop(): Promise<void>
}

interface CallOptions {
  readonly contentType?: string
  readonly token?: string
}

const CONTROLLERS = [
  'horizontal-pod-autoscaler-controller',
  'deployment-controller',
  'replicaset-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'job-controller',
  'cronjob-controller',
  'statefulset-controller',
  'daemonset-controller',
]

export async function startControlPlane(folder: string): Promise<ControlPlane> {
  await mkdir(folder, { recursive: true })
  const { bin } = await kubernetesPrograms()
  const authority = createAuthority('wattline test authority')
  const frontProxy = createAuthority('wattline test front proxy')
  const token = randomBytes(16).toString('hex')
  await writeCredentials(folder, { authority, frontProxy, token })
  const etcd = await startEtcd(folder)
  const port = await freePort()
  const server = `https://127.0.0.1:${port}`
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(server, authority.cert, token))
  const startServer = (): Child =>
    startChild(join(bin, 'kube-apiserver'), serverArgs(folder, etcd.url, port), {
      log: join(folder, 'apiserver.log'),
    })
  let apiserver = startServer()
  const call: ControlPlane['call'] = (method, path, body, options) =>
    callServer(server, authority.cert, { method, path, body, token, ...options })
  const ready = (): Promise<unknown> =>
    waitFor('the API server is ready', () => call<string>('GET', '/readyz').then(() => true), {
      children: [apiserver],
    })
  await ready()
  const manager = startChild(join(bin, 'kube-controller-manager'), managerArgs(folder, kubeconfig), {
    log: join(folder, 'controller-manager.log'),
  })
  const kubectl: ControlPlane['kubectl'] = async (...args) => {
    const { stdout } = await run(join(bin, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], {
      maxBuffer: 2 ** 26,
    })
    return stdout
  }
  return {
    server,
    kubeconfig,
    token,
    authority,
    frontProxy,
    folder,
    kubectl,
    async apply(objects, options = []) {
      const file = join(folder, `apply-${randomBytes(4).toString('hex')}.yaml`)
      const text =
        typeof objects === 'string'
          ? objects
          : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
      await writeFile(file, text)
      // The server validates; for kubectl to do so, too, it would read megabytes of descriptions each time.
      await kubectl('apply', '--server-side', '--force-conflicts', '--validate=false', ...options, '-f', file)
    },
    call,
    stopServer: () => apiserver.stop(),
    async startServer() {
      apiserver = startServer()
      await ready()
    },
    async stop() {
      await manager.stop()
      await apiserver.stop()
      await etcd.child.stop()
    },
  }
}

async function writeCredentials(
  folder: string,
  { authority, frontProxy, token }: { authority: Authority; frontProxy: Authority; token: string },
): Promise<void> {
  const serving = authority.issue(['127.0.0.1', 'localhost', 'kubernetes.default.svc'])
  const proxy = frontProxy.issue(['front-proxy-client'])
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const files = {
    'authority.crt': authority.cert,
    'server.crt': serving.cert,
    'server.key': serving.key,
    'front-proxy-authority.crt': frontProxy.cert,
    'front-proxy.crt': proxy.cert,
    'front-proxy.key': proxy.key,
    'accounts.key': accounts.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    'accounts.pub': accounts.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'tokens.csv': `${token},admin,1,"system:masters"\n`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
}

async function startEtcd(folder: string): Promise<{ child: Child; url: string }> {
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const args = [
    '--data-dir',
    join(folder, 'etcd'),
    '--listen-client-urls',
    url,
    '--advertise-client-urls',
    url,
  ]
  const peers = [
    '--listen-peer-urls',
    peerUrl,
    '--initial-advertise-peer-urls',
    peerUrl,
    '--initial-cluster',
    `default=${peerUrl}`,
  ]
  // Nothing here must survive a power cut. On a busy machine a request may take seconds: etcd waits for two elections and 5 s.
  const patient = ['--unsafe-no-fsync', '--heartbeat-interval=1000', '--election-timeout=10000']
  const child = startChild(await etcdProgram(), [...args, ...peers, ...patient], {
    log: join(folder, 'etcd.log'),
  })
  await waitFor('etcd answers', async () => (await fetch(`${url}/health`)).ok, { children: [child] })
  return { child, url }
}

function serverArgs(folder: string, etcd: string, port: number): string[] {
  const file = (name: string): string => join(folder, name)
  return [
    `--etcd-servers=${etcd}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--tls-cert-file=${file('server.crt')}`,
    `--tls-private-key-file=${file('server.key')}`,
    `--client-ca-file=${file('authority.crt')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('accounts.pub')}`,
    `--service-account-signing-key-file=${file('accounts.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    `--requestheader-client-ca-file=${file('front-proxy-authority.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--proxy-client-cert-file=${file('front-proxy.crt')}`,
    `--proxy-client-key-file=${file('front-proxy.key')}`,
    // Without a kubelet there is nothing to endure: pods need no account, and no endpoints of the server.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    // Of Kubernetes' own autoscaler, to zero and back.
    '--feature-gates=HPAScaleToZero=true',
  ]
}

function managerArgs(folder: string, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--secure-port=0',
    '--leader-elect=false',
    '--feature-gates=HPAScaleToZero=true',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    `--controllers=${CONTROLLERS.join(',')}`,
    `--cert-dir=${folder}`,
    '--horizontal-pod-autoscaler-sync-period=2s',
    '--horizontal-pod-autoscaler-downscale-stabilization=5s',
  ]
}

const kubeconfigOf = (server: string, authority: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  })

interface Call extends CallOptions {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly token: string
}

function callServer<T>(server: string, ca: string, wanted: Call): Promise<T> {
  const { method, path, body, token, contentType = 'application/json' } = wanted
  return new Promise<T>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentType }
    const sent = request(`${server}${path}`, { method, ca, headers, timeout: 30_000 }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const { statusCode = 0 } = response
        if (statusCode >= 300) reject(new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 500)}`))
        else resolve((text.startsWith('{') ? JSON.parse(text) : text) as T)
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)))
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
