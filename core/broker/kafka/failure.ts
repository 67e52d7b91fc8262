/** The only table that reads Kafka's errors: what a failed call means to us, and what to do about it. */
import { findErrorBy } from '@platformatic/kafka'
import { type ErrorCode, WattlineError } from '../../runtime/errors.ts'

/**
 * Errors by which the coordinator says: this member, or this writer, is not the owner any more. Not so an epoch that is
 * behind by one heartbeat (ILLEGAL_GENERATION, STALE_MEMBER_EPOCH): that is repeated with the new one.
 */
const TAKEN_OVER = [
  'UNKNOWN_MEMBER_ID',
  'FENCED_MEMBER_EPOCH',
  'FENCED_INSTANCE_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'TRANSACTION_COORDINATOR_FENCED',
] as const

/** Errors that no retry cures: Kafka's names, ours, and what to change. */
const LASTING: readonly (readonly [string, ErrorCode, string])[] = [
  [
    'MESSAGE_TOO_LARGE',
    'body_too_large',
    'A record is larger than the topic takes: raise its `max.message.bytes`.',
  ],
  [
    'RECORD_LIST_TOO_LARGE',
    'body_too_large',
    'The records are larger than the topic takes: raise its `segment.bytes`.',
  ],
  ['TOPIC_AUTHORIZATION_FAILED', 'config_invalid', 'The Kafka user may not use the topics of this prefix.'],
  ['GROUP_AUTHORIZATION_FAILED', 'config_invalid', 'The Kafka user may not use the groups of this prefix.'],
  [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'config_invalid',
    'The Kafka user may not use the transactional ids of this prefix.',
  ],
  ['CLUSTER_AUTHORIZATION_FAILED', 'config_invalid', 'The Kafka user may not write idempotently.'],
  ['UNSUPPORTED_SASL_MECHANISM', 'config_invalid', 'Kafka does not take this `broker.sasl.mechanism`.'],
  ['SASL_AUTHENTICATION_FAILED', 'config_invalid', 'Kafka refuses `broker.sasl`: wrong user or password.'],
  [
    'UNSUPPORTED_VERSION',
    'config_invalid',
    'This Kafka is too old: 4.0 or newer is needed, with consumer groups of KIP-848.',
  ],
]

/** Whether somewhere within the error Kafka says one of these names. */
export function saysOneOf(error: unknown, ids: readonly string[]): boolean {
  return error instanceof Error && ids.some(id => findErrorBy(error, 'apiId', id) !== null)
}

/** Another member has the partition now, or the group does not know this one any more: no use in repeating. */
export class TakenOver extends WattlineError {
  constructor(doing: string, cause: unknown) {
    super('broker_unavailable', `Kafka refused while ${doing}: it is no longer assigned to this worker.`, {
      cause,
    })
  }
}

/** Our error for whatever a call to Kafka has thrown. */
export function kafkaFailure(error: unknown, doing: string): WattlineError {
  if (error instanceof WattlineError) return error
  if (saysOneOf(error, TAKEN_OVER)) return new TakenOver(doing, error)
  for (const [id, code, message] of LASTING) {
    if (saysOneOf(error, [id])) return new WattlineError(code, message, { cause: error })
  }
  if (error instanceof Error && findErrorBy(error, 'code', 'PLT_KFK_AUTHENTICATION') !== null) {
    return new WattlineError('config_invalid', 'Kafka refuses `broker.sasl`.', { cause: error })
  }
  return new WattlineError('broker_unavailable', `Kafka failed while ${doing}: ${innermost(error)}.`, {
    cause: error,
  })
}

/** The first cause of nested errors, in words. */
function innermost(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors.at(-1))
  if (error instanceof Error && error.cause instanceof Error) return innermost(error.cause)
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
}
