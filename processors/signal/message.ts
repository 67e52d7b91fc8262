/** A scaling signal as a message: it is written down, delivered, signed and replayed as messages about alerts are. */
import type { AlertMessage } from '../../core/alerts/groups.ts'
import { digest } from '../../core/model/digest.ts'
import type { WalkDecision, Walked } from './walk.ts'

/** A decision with what its message says. */
export interface SignalledDecision extends WalkDecision {
  readonly tenant: string
  readonly policy: string
  readonly id: string
  readonly explanation: string
}

/** The same decision always gives the same message, with the same id. */
export function signalMessage(
  { tenant, policy, id, at, replicas, explanation }: SignalledDecision,
  { direction, receiver, from, to }: NonNullable<Walked['signal']>,
  spacingSeconds: number,
): AlertMessage {
  const labels = { alertname: `scale_${direction}`, policy, direction }
  const annotations = {
    summary: `Scale ${policy} ${direction} from ${from} to ${to}: ${explanation}`,
    replicas: `${to}`,
    decided_replicas: `${replicas}`,
    decision: id,
  }
  return {
    id: `msg_${digest(`scaling/${tenant}/${policy}/${id}/${direction}/${receiver}`, 32)}`,
    receiver,
    groupKey: `${tenant}/scaling/${policy}/${direction}`,
    groupLabels: { policy, direction },
    commonLabels: labels,
    commonAnnotations: annotations,
    status: 'firing',
    alerts: [{ labels, annotations, value: to, startsAt: at, endsAt: null }],
    spacingSeconds,
  }
}
