/** What became of a signal, as a control record of stream `scaling_decisions`: `deliver` appends it, `signal` counts by it. */
import type { AlertMessage } from '../../core/alerts/groups.ts'
import { type OutputRecord, RECORD_KIND } from '../../core/broker/broker.ts'
import { scalingDecisions } from '../../core/model/streams/index.ts'

/** Value of its header `kind`. */
export const SIGNAL_OUTCOME_KIND = 'signal_outcome'

/** The end of the attempts at a message; there is another one where somebody has it sent again. */
export interface SignalOutcome {
  readonly tenant: string
  readonly policy: string
  /** Of the message. */
  readonly id: string
  readonly outcome: 'delivered' | 'dead'
}

/** None for messages about alerts. */
export function signalOutcomes(
  tenant: string,
  { id, groupLabels, spacingSeconds }: Pick<AlertMessage, 'id' | 'groupLabels' | 'spacingSeconds'>,
  outcome: SignalOutcome['outcome'],
  nowMs: number,
): readonly OutputRecord[] {
  const { policy } = groupLabels
  // Only signals keep a distance from one another.
  if (spacingSeconds === undefined || policy === undefined) return []
  const content: SignalOutcome = { tenant, policy, id, outcome }
  const record = {
    value: Buffer.from(JSON.stringify(content)),
    headers: { [RECORD_KIND]: SIGNAL_OUTCOME_KIND },
    timestampMs: nowMs,
  }
  return [{ stream: scalingDecisions.name, partition: 0, record }]
}

/** @throws SyntaxError for bytes that are not JSON */
export const decodeOutcome = (value: Uint8Array): SignalOutcome =>
  JSON.parse(Buffer.from(value).toString('utf8')) as SignalOutcome
