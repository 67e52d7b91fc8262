/** The methods of `externalscaler.ExternalScaler`. */
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { BeginMessages, GrpcCaller, GrpcMethod } from '../../../core/grpc/server.ts'
import { quoteHeader } from '../../../core/http/quote-header.ts'
import type { CurrentAnswer, ScalingAnswers } from '../../../core/scaling/answer.ts'
import { freshAnswer } from '../fresh.ts'
import {
  isActiveResponse,
  metricSpecResponse,
  metricsResponse,
  readMetricsRequest,
  readScaledObjectRef,
  type ScaledObjectRef,
} from './messages.ts'
import { kedaPair, UNKNOWN_SPEC } from './metric.ts'
import type { Follow, KedaStreams } from './streams.ts'
import type { KedaCaller } from './tenant.ts'

/** What the methods work with. */
export interface KedaMethodParts {
  readonly answers: ScalingAnswers
  readonly streams: KedaStreams
  readonly callerOf: (ref: ScaledObjectRef, caller: GrpcCaller) => KedaCaller
  readonly events: Events
}

const SERVICE = '/externalscaler.ExternalScaler/'

/** A policy that a caller asks for. */
interface PolicyRequest {
  readonly caller: KedaCaller
  readonly policy: string
}

/** By HTTP/2 path. */
export function kedaMethods(parts: KedaMethodParts): ReadonlyMap<string, GrpcMethod> {
  const { answers, streams, callerOf, events } = parts
  const asked = (ref: ScaledObjectRef, caller: GrpcCaller): PolicyRequest => ({
    policy: policyOf(ref),
    caller: callerOf(ref, caller),
  })
  const fresh = ({ caller, policy }: PolicyRequest): CurrentAnswer => {
    const answer = freshAnswer(answers, caller.tenant, policy)
    events.emit('autoscalerAnswered', { door: 'keda' })
    return answer
  }
  const streaming = (body: Uint8Array, caller: GrpcCaller, follow: Follow): BeginMessages => {
    const { caller: who, policy } = asked(readScaledObjectRef(body), caller)
    streams.assertMayOpen(who.tenant)
    return messages => streams.open(policy, who, messages, follow)
  }
  return new Map<string, GrpcMethod>([
    [
      `${SERVICE}IsActive`,
      {
        kind: 'unary',
        answer: (body, caller) => isActiveResponse(fresh(asked(readScaledObjectRef(body), caller)).isActive),
      },
    ],
    [
      `${SERVICE}StreamIsActive`,
      { kind: 'stream', open: (body, caller) => streaming(body, caller, activity()) },
    ],
    [
      `${SERVICE}GetMetricSpec`,
      {
        kind: 'unary',
        answer: (body, caller) => {
          const { caller: who, policy } = asked(readScaledObjectRef(body), caller)
          return specOf(answers.find(who.tenant, policy))
        },
      },
    ],
    [
      `${SERVICE}StreamMetricSpec`,
      { kind: 'stream', open: (body, caller) => streaming(body, caller, specs()) },
    ],
    [
      `${SERVICE}GetMetrics`,
      {
        kind: 'unary',
        answer: (body, caller) => {
          const { ref, metricName } = readMetricsRequest(body)
          const answer = fresh(asked(ref, caller))
          assertMetric(answer, metricName)
          return metricsResponse(kedaPair(answer).value)
        },
      },
    ],
  ])
}

function policyOf({ metadata }: ScaledObjectRef): string {
  const policy = metadata.get('policy')
  if (policy !== undefined && policy !== '') return policy
  throw new WattlineError(
    'parameter_invalid',
    'The trigger names no policy: set `policy: NAME` in its metadata, with the name of a scaling policy.',
  )
}

function assertMetric({ name, metric }: CurrentAnswer, asked: string): void {
  if (asked === '' || asked === metric.name) return
  throw new WattlineError(
    'parameter_invalid',
    `The metric of policy ${name} is ${metric.name}, not ${quoteHeader(asked)}. KEDA asks for the right one once it has read the metric spec again.`,
  )
}

/**
 * Also of an answer that is stale, and of a policy that is not known: without a spec KEDA does not count failures of
 * GetMetrics, and `fallback` never happens.
 */
const specOf = (answer: CurrentAnswer | undefined): Uint8Array =>
  metricSpecResponse(answer === undefined ? UNKNOWN_SPEC : kedaPair(answer).spec)

/** Whether a policy is active, whenever that changes; nothing while it is not known, since `false` would scale to zero. */
function activity(): Follow {
  let sent: boolean | null = null
  return answer => {
    if (answer === undefined || answer.stale !== null) {
      sent = null
      return null
    }
    if (answer.isActive === sent) return null
    sent = answer.isActive
    return isActiveResponse(sent)
  }
}

/** The metric spec, now and whenever it changes. */
function specs(): Follow {
  let sent: Uint8Array | null = null
  return answer => {
    const spec = specOf(answer)
    if (sent !== null && Buffer.compare(sent, spec) === 0) return null
    sent = spec
    return spec
  }
}
