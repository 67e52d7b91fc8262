/** Listeners for autoscalers: certificates and tenants that they need. */
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { closest } from './suggest.ts'

type AutoscalerKeys = Pick<Config, 'alerts' | 'autoscalers' | 'listen' | 'roles'>

/** Files of a listener for autoscalers: its own, else those of all ports. Undefined: no TLS. */
export function autoscalerTls(
  { autoscalers, listen }: Pick<Config, 'autoscalers' | 'listen'>,
  door: 'keda' | 'kubernetes',
): { readonly cert: string; readonly key: string; readonly clientCa: string | undefined } | undefined {
  const own = autoscalers[door]
  const cert = own.cert ?? listen.tls.cert
  const key = own.key ?? listen.tls.key
  if (cert === undefined || key === undefined) return undefined
  // The authority of the front proxy is another one than that of clients.
  return { cert, key, clientCa: own.client_ca ?? (door === 'keda' ? listen.tls.client_ca : undefined) }
}

/** What the listeners lack. */
export function autoscalerProblems(config: AutoscalerKeys): ConfigProblem[] {
  const { autoscalers, listen, roles } = config
  const problems: ConfigProblem[] = []
  const tell = (path: string, problem: string): void =>
    void problems.push({ path: `autoscalers.${path}`, problem })
  for (const door of ['keda', 'kubernetes'] as const) {
    const { cert, key, client_ca: clientCa } = autoscalers[door]
    if ((cert === undefined) !== (key === undefined)) tell(door, 'certificate and key must be set together')
    else if (clientCa !== undefined && autoscalerTls(config, door) === undefined)
      tell(`${door}.client_ca`, `needs autoscalers.${door}.cert and key, or listen.tls`)
  }
  signalProblems(config, tell)
  if (!roles.includes('scaling')) return problems
  if (listen.kubernetes !== 'off') kubernetesProblems(config, tell)
  if (listen.keda !== 'off' && autoscalers.keda.client_names.length > 0) {
    if (autoscalerTls(config, 'keda')?.clientCa === undefined)
      tell(
        'keda.client_names',
        'need autoscalers.keda.client_ca: names in certificates of any authority prove nothing',
      )
    if (autoscalers.namespaces.length === 0) tell('namespaces', NO_NAMESPACES)
  }
  return problems
}

function kubernetesProblems(config: AutoscalerKeys, tell: (path: string, problem: string) => void): void {
  const tls = autoscalerTls(config, 'kubernetes')
  if (tls === undefined)
    tell('kubernetes.cert', 'listen.kubernetes needs a certificate: set it with its key, or set listen.tls')
  else if (tls.clientCa === undefined) {
    tell(
      'kubernetes.client_ca',
      'listen.kubernetes needs the authority of the front proxy, because the users in its headers are believed: ' +
        '`kubectl -n kube-system get configmap extension-apiserver-authentication -o jsonpath={.data.requestheader-client-ca-file}` prints it',
    )
  }
  if (config.autoscalers.namespaces.length === 0) tell('namespaces', NO_NAMESPACES)
}

function signalProblems(
  { autoscalers: { signals }, alerts }: AutoscalerKeys,
  tell: (path: string, problem: string) => void,
): void {
  const names = alerts.receivers.map(({ name }) => name)
  for (const [index, { policy, tenant, up, down }] of signals.entries()) {
    const path = `signals.${index}`
    if (signals.findIndex(one => one.policy === policy && one.tenant === tenant) !== index)
      tell(`${path}.policy`, `${policy} appears twice`)
    if (up === undefined && down === undefined) tell(path, 'needs `up` or `down`')
    for (const [key, way] of Object.entries({ up, down })) {
      if (way === undefined || names.includes(way.receiver)) continue
      const near = closest(way.receiver, names)
      tell(
        `${path}.${key}.receiver`,
        `alerts.receivers has none named ${way.receiver}${near === null ? '' : `. Did you mean ${near}?`}`,
      )
    }
  }
}

const NO_NAMESPACES =
  'are missing: without them no namespace has a tenant. For one tenant, set `[{match: "*", tenant: default}]`'
