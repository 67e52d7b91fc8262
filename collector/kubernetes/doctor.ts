/** What `wattline doctor` finds about names of pods: who is asked, what may be read, and the command that grants it. */
import type { MeterFinding } from '../../core/api/meter-findings.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { KubeError } from './api/client.ts'
import type { KubeList } from './api/objects.ts'
import { type Apis, openApis } from './apis.ts'

type Settings = Config['kubernetes']

/** One thing that must be readable. */
interface AccessCheck {
  readonly what: string
  readonly path: string
  /** kubectl's words for the right. */
  readonly right: string
}

const ASK_MS = 10_000

/** Asks once for everything that the mode needs. @param apis for tests */
export async function diagnoseKubernetes(
  config: Settings,
  hostName: string,
  open: (config: Settings) => Promise<Apis> = openApis,
): Promise<MeterFinding[]> {
  if (config.mode === 'off') {
    return [finding('kubernetes', 'left_out', 'kubernetes.mode is off: pods have no names of their own')]
  }
  let apis: Apis
  try {
    apis = await open(config)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return [finding('kubernetes', 'cannot', detail, 'kubernetes: { kubeconfig: /path/to/kubeconfig }')]
  }
  const name = config.node_name ?? hostName
  const api = apis.server ?? apis.kubelet
  if (api === null) return []
  return Promise.all(
    questionsOf(config, name).map(async (question): Promise<MeterFinding> => {
      const meter = `kubernetes ${question.what}`
      try {
        const { items = [] } = (await api.get(question.path, AbortSignal.timeout(ASK_MS))) as KubeList
        if (items.length > 0 || question.what !== 'nodes') {
          return finding(
            meter,
            'reads',
            apis.kubelet === null ? 'API server' : `kubelet, ${items.length} pods`,
          )
        }
        const command = 'kubernetes: { node_name: NAME }, as kubectl get nodes shows it'
        return finding(meter, 'cannot', `there is no node ${name}`, command)
      } catch (error) {
        return refused(meter, question, config, error)
      }
    }),
  )
}

function questionsOf({ mode, namespace_labels: labels }: Settings, node: string): readonly AccessCheck[] {
  if (mode === 'kubelet') return [{ what: 'pods', path: '/pods', right: '--verb=get --resource=nodes/pods' }]
  const [ofNode, itself] =
    mode === 'node'
      ? [
          `fieldSelector=spec.nodeName%3D${encodeURIComponent(node)}&`,
          `fieldSelector=metadata.name%3D${encodeURIComponent(node)}&`,
        ]
      : ['', '']
  const list = (what: string): string => `--verb=list,watch --resource=${what}`
  return [
    { what: 'pods', path: `/api/v1/pods?${ofNode}limit=1`, right: list('pods') },
    { what: 'nodes', path: `/api/v1/nodes?${itself}limit=1`, right: list('nodes') },
    ...(labels.length === 0
      ? []
      : [{ what: 'namespaces', path: '/api/v1/namespaces?limit=1', right: list('namespaces') }]),
  ]
}

function refused(meter: string, { right }: AccessCheck, { mode }: Settings, error: unknown): MeterFinding {
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof KubeError && error.status === 403) {
    const name = `wattline-${meter.slice(meter.indexOf(' ') + 1)}`
    const bind = `kubectl create clusterrolebinding ${name} --clusterrole=${name} --serviceaccount=NAMESPACE:ACCOUNT`
    return finding(meter, 'cannot', detail, `kubectl create clusterrole ${name} ${right} && ${bind}`)
  }
  if (error instanceof KubeError && error.status === 401) {
    return finding(
      meter,
      'cannot',
      detail,
      'kubectl create token ACCOUNT, or mount the token of its service account',
    )
  }
  const isCertificate = /certificate|self.signed/i.test(detail)
  const remedy =
    mode === 'kubelet'
      ? isCertificate
        ? 'kubernetes: { kubelet_ca_file: FILE }, or { kubelet_verify: false }'
        : 'kubernetes: { kubelet_url: https://ADDRESS_OF_NODE:10250 }'
      : 'kubectl get --raw /readyz, with the same kubeconfig'
  return finding(meter, 'cannot', detail, remedy)
}

const finding = (
  meter: string,
  state: MeterFinding['state'],
  detail: string,
  command = '',
): MeterFinding => ({ meter, state, detail, command })
