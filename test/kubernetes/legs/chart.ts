/** Our chart on the real API server: every object is accepted, an upgrade changes it, and nothing is left behind. There is no kubelet. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { helmPrograms } from '../build/programs.ts'
import type { ControlPlane } from '../plane/control-plane.ts'
import type { Report } from '../report.ts'

const run = promisify(execFile)
const DEPLOY = join(import.meta.dirname, '../../../deploy/helm')
const CHART = join(DEPLOY, 'wattline')
const NAMESPACE = 'wattline-chart'
const KINDS = 'deployment,daemonset,service,configmap,serviceaccount,networkpolicy,poddisruptionbudget,hpa'

export async function chartLeg(plane: ControlPlane, report: Report): Promise<void> {
  const { bin } = await helmPrograms()
  const helm = async (...args: readonly string[]): Promise<string> => {
    const common = ['--namespace', NAMESPACE, '--kubeconfig', plane.kubeconfig]
    const { stdout } = await run(join(bin, 'helm'), [...args, ...common], { maxBuffer: 2 ** 26 })
    return stdout
  }
  const values = (name: string): string[] => ['--values', join(DEPLOY, 'examples', name)]
  const counted = async (): Promise<string> => {
    const names = (await plane.kubectl('get', KINDS, '-n', NAMESPACE, '-o', 'name')).trim().split('\n')
    const kinds = Map.groupBy(
      names.filter(name => name.includes('wattline') || name.includes('wl-')),
      name => name.split('/', 1)[0]?.split('.', 1)[0] ?? '',
    )
    if (kinds.size === 0) throw new Error('nothing was installed')
    return [...kinds].map(([kind, some]) => `${some.length} ${kind}`).join(', ')
  }
  for (const name of ['minimal.yaml', 'kubelet.yaml', 'without-agents.yaml', 'cluster-names.yaml'])
    await report.check(`helm installs ${name}, and leaves nothing behind`, async () => {
      await helm('install', 'wattline', CHART, '--create-namespace', ...values(name))
      const figures = await counted()
      await allPodsWanted(plane)
      await helm('uninstall', 'wattline', '--wait')
      await nothingLeft(plane)
      return figures
    })
  await report.check('helm upgrades minimal.yaml to everything.yaml, and back', async () => {
    await helm('install', 'wattline', CHART, ...values('minimal.yaml'))
    // Their kinds come with the operators of Prometheus and KEDA.
    const without = ['--set', 'serviceMonitor.enabled=false,processors.autoscaling.kind=hpa']
    await helm('upgrade', 'wattline', CHART, ...values('everything.yaml'), ...without)
    const figures = await counted()
    await helm('rollback', 'wattline', '1')
    await helm('uninstall', 'wattline', '--wait')
    await nothingLeft(plane)
    return figures
  })
  for (const { values: name, account, others, extra } of ACCOUNTS)
    await report.check(
      `${name}: account ${account} may do what naming pods needs, and nothing else`,
      async () => {
        await helm('install', 'wattline', CHART, ...values(name), '--set', 'scaling.enabled=false')
        const figures = await rightsOf(plane, account, extra)
        for (const other of others) await asksNothing(plane, other)
        await helm('uninstall', 'wattline', '--wait')
        return figures
      },
    )
  await plane.kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
}

/** Controllers make pods of the templates: each is admitted, and stays pending without nodes. */
async function allPodsWanted(plane: ControlPlane): Promise<void> {
  const { items } = await plane.call<{
    items: {
      metadata: { name: string }
      spec: { replicas: number }
      status?: { conditions?: { type: string; message: string }[] }
    }[]
  }>('GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`)
  for (const { metadata, status } of items) {
    const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
    if (failure !== undefined) throw new Error(`${metadata.name}: ${failure.message}`)
  }
}

async function nothingLeft(plane: ControlPlane): Promise<void> {
  const all = await plane.kubectl(
    'get',
    `${KINDS},clusterrole,clusterrolebinding,apiservice`,
    '-A',
    '-o',
    'name',
    '-l',
    'app.kubernetes.io/part-of=wattline',
  )
  if (all.trim() !== '') throw new Error(`left behind: ${all.trim().replaceAll('\n', ', ')}`)
}

type Right = readonly [verb: string, resource: string, group?: string]

/** What reading pods, nodes and Jobs needs: docs/kubernetes.md. */
const NAMING: readonly Right[] = [
  ['list', 'pods'],
  ['watch', 'pods'],
  ['list', 'nodes'],
  ['watch', 'nodes'],
  ['get', 'jobs', 'batch'],
]
const NAMESPACES: readonly Right[] = [
  ['list', 'namespaces'],
  ['watch', 'namespaces'],
]

/** By example: who asks the API, what for, and which accounts of the installation do not. */
const ACCOUNTS = [
  { values: 'minimal.yaml', account: 'wattline-agent', others: ['wattline'], extra: NAMING },
  {
    values: 'cluster-names.yaml',
    account: 'wattline-names',
    others: ['wattline', 'wattline-agent'],
    extra: [...NAMING, ...NAMESPACES],
  },
  { values: 'kubelet.yaml', account: 'wattline-agent', others: ['wattline'], extra: [['get', 'nodes/pods']] },
] as const satisfies readonly {
  readonly values: string
  readonly account: string
  readonly others: readonly string[]
  readonly extra: readonly Right[]
}[]

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const
const RESOURCES: readonly (readonly [resource: string, group: string])[] = [
  ...['pods', 'pods/log', 'pods/exec', 'pods/status', 'nodes', 'nodes/pods', 'nodes/proxy', 'nodes/status'],
  ...[
    'namespaces',
    'secrets',
    'configmaps',
    'services',
    'serviceaccounts',
    'serviceaccounts/token',
    'events',
  ],
  ...['persistentvolumes', 'persistentvolumeclaims', 'endpoints'],
]
  .map((resource): readonly [string, string] => [resource, ''])
  .concat([
    ['jobs', 'batch'],
    ['cronjobs', 'batch'],
    ['deployments', 'apps'],
    ['replicasets', 'apps'],
    ['statefulsets', 'apps'],
    ['clusterroles', 'rbac.authorization.k8s.io'],
    ['clusterrolebindings', 'rbac.authorization.k8s.io'],
    ['customresourcedefinitions', 'apiextensions.k8s.io'],
    ['*', '*'],
  ])

/** Asks the API server, as the account, for each verb and resource whether it may. */
async function allowed(plane: ControlPlane, account: string): Promise<ReadonlySet<string>> {
  const may = new Set<string>()
  for (const [resource, group] of RESOURCES)
    for (const verb of VERBS) {
      const [name, subresource] = resource.split('/')
      const { status } = await plane.call<{ status: { allowed: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        {
          ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' },
          spec: {
            user: `system:serviceaccount:${NAMESPACE}:${account}`,
            groups: ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`, 'system:authenticated'],
            resourceAttributes: { verb, resource: name, subresource, group },
          },
        },
      )
      if (status.allowed) may.add([verb, resource, group].filter(part => part !== '').join(' '))
    }
  return may
}

const textOf = ([verb, resource, group = '']: Right): string =>
  [verb, resource, group].filter(part => part !== '').join(' ')

async function rightsOf(plane: ControlPlane, account: string, needed: readonly Right[]): Promise<string> {
  // An account that does not exist has no right either.
  await plane.kubectl('get', 'serviceaccount', account, '-n', NAMESPACE)
  const may = await allowed(plane, account)
  const wanted = new Set(needed.map(textOf))
  const missing = [...wanted].filter(right => !may.has(right))
  const toomany = [...may].filter(right => !wanted.has(right))
  if (missing.length + toomany.length > 0)
    throw new Error(`lacks ${missing.join(', ') || 'nothing'}; may also ${toomany.join(', ') || 'nothing'}`)
  await listsWithToken(plane, account, needed)
  return `${wanted.size} of ${VERBS.length * RESOURCES.length} rights`
}

/** The token that its pods get is accepted, for what it may list and for no more. */
async function listsWithToken(plane: ControlPlane, account: string, needed: readonly Right[]): Promise<void> {
  const token = (await plane.kubectl('create', 'token', account, '-n', NAMESPACE)).trim()
  const list = (resource: string): Promise<unknown> =>
    plane.call('GET', `/api/v1/${resource}?limit=1`, undefined, { token })
  for (const [verb, resource, group] of needed)
    if (verb === 'list' && group === undefined) await list(resource)
  const isRefused = await list('secrets').then(
    () => false,
    () => true,
  )
  if (!isRefused) throw new Error(`${account} lists secrets`)
}

async function asksNothing(plane: ControlPlane, account: string): Promise<void> {
  const may = await allowed(plane, account)
  if (may.size > 0) throw new Error(`${account} may ${[...may].join(', ')}`)
}
