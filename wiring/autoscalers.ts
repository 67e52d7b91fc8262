import { autoscalerTls } from '../core/catalogue/config/autoscalers.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { type ListenerTls, openListenerTls } from '../core/http/tls.ts'
import { urlOf } from '../core/http/url-of.ts'
import type { ScalingAnswers } from '../core/scaling/answer.ts'
import { createKedaListener } from '../query/scaling/keda/server.ts'
import { createKubernetesListener } from '../query/scaling/kubernetes/server.ts'
import type { AutoscalerListener } from '../query/scaling/listener.ts'
import { namespaceTenants } from '../query/scaling/tenants.ts'
import type { Wiring } from './wiring.ts'

/** The ports for autoscalers. */
export interface Autoscalers {
  /** Addresses; null if disabled by configuration. */
  readonly keda: string | null
  readonly kubernetes: string | null
  /** Open streams of KEDA. */
  readonly openStreams: () => number
  /** About their certificates, for the operator. */
  readonly notes: () => readonly string[]
}

interface Started {
  readonly address: string
  readonly openStreams: () => number
  readonly note: () => string | null
}

/** Opens the ports for autoscalers. They answer from memory, so nothing else need be open. */
export async function startAutoscalers(wiring: Wiring, answers: ScalingAnswers): Promise<Autoscalers> {
  const keda = await startKeda(wiring, answers)
  const kubernetes = await startKubernetes(wiring, answers)
  return {
    keda: keda?.address ?? null,
    kubernetes: kubernetes?.address ?? null,
    openStreams: () => keda?.openStreams() ?? 0,
    notes: () => [keda?.note(), kubernetes?.note()].filter(note => typeof note === 'string'),
  }
}

async function startKeda(wiring: Wiring, answers: ScalingAnswers): Promise<Started | null> {
  const { config, authentication, events } = wiring
  const { keda: port } = config.listen
  if (port === 'off') return null
  const tls = await startTls(wiring, 'keda')
  const { client_names: clientNames } = config.autoscalers.keda
  const tenantOf = namespaceTenants(config.autoscalers.namespaces)
  const { access } = authentication
  const listener = createKedaListener({ answers, access, clientNames, tenantOf, events, tls })
  return await startListener(wiring, 'KEDA', listener, port, tls)
}

async function startKubernetes(wiring: Wiring, answers: ScalingAnswers): Promise<Started | null> {
  const { config, events } = wiring
  const { kubernetes: port } = config.listen
  if (port === 'off') return null
  const tls = await startTls(wiring, 'kubernetes')
  if (tls === undefined)
    throw new WattlineError('config_invalid', 'listen.kubernetes needs autoscalers.kubernetes.cert and key.')
  const { client_names: clientNames } = config.autoscalers.kubernetes
  const { namespaces } = config.autoscalers
  const listener = createKubernetesListener({ answers, namespaces, clientNames, tls, events })
  return await startListener(wiring, 'Kubernetes metrics', listener, port, tls)
}

async function startTls(
  { lifecycle, config, events }: Wiring,
  door: 'keda' | 'kubernetes',
): Promise<ListenerTls | undefined> {
  const files = autoscalerTls(config, door)
  if (files === undefined) return undefined
  const what = `autoscalers.${door}`
  return await lifecycle.start(
    `certificate of ${what}`,
    () => openListenerTls(files, events, { what }),
    opened => opened.close(),
  )
}

async function startListener(
  { lifecycle, config }: Wiring,
  name: string,
  listener: AutoscalerListener,
  port: number,
  tls: ListenerTls | undefined,
): Promise<Started> {
  await lifecycle.start(
    name,
    () => listener.listen(config.listen.host, port),
    () => listener.stop(),
  )
  return {
    address: urlOf(listener.address(), { tls }),
    openStreams: () => listener.openStreams(),
    note: () => tls?.note() ?? null,
  }
}
