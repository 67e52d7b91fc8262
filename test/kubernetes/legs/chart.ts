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
  for (const name of ['minimal.yaml', 'kubelet.yaml', 'without-agents.yaml'])
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
  await report.check(
    'the account of the agents may do what naming pods needs, and nothing else',
    async () => {
      await helm('install', 'wattline', CHART, ...values('minimal.yaml'))
      const figures = await rightsOfAgents(plane)
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

const MAY = [
  ['list', 'pods', true],
  ['watch', 'pods', true],
  ['watch', 'nodes', true],
  ['get', 'jobs.batch', true],
  ['get', 'secrets', false],
  ['list', 'configmaps', false],
  ['create', 'pods', false],
  ['delete', 'pods', false],
  ['create', 'pods/exec', false],
  ['patch', 'nodes', false],
  ['get', 'nodes/proxy', false],
  ['list', 'namespaces', false],
] as const

async function rightsOfAgents(plane: ControlPlane): Promise<string> {
  const account = `system:serviceaccount:${NAMESPACE}:wattline-agent`
  for (const [verb, resource, expected] of MAY) {
    const answer = await plane
      .kubectl('auth', 'can-i', verb, resource, '--as', account, '-A')
      // kubectl exits with 1 for no.
      .catch((error: { stdout?: string }) => error.stdout ?? '')
    if ((answer.trim() === 'yes') !== expected) throw new Error(`${verb} ${resource}: ${answer.trim()}`)
  }
  return `${MAY.length} rights tried`
}
