/** The only table of Kafka's errors: what a failed call means to us, and what to do about it. */
import { WattlineError } from '../../catalogue/errors/errors.ts'

/**
 * Errors with which the coordinator says that this member or writer is no longer the owner. An epoch that is behind by
 * one heartbeat (ILLEGAL_GENERATION, STALE_MEMBER_EPOCH) is not one of them: the call is retried with the new epoch.
 */
const TAKEN_OVER = [
  'UNKNOWN_MEMBER_ID',
  'FENCED_MEMBER_EPOCH',
  'FENCED_INSTANCE_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'TRANSACTION_COORDINATOR_FENCED',
] as const

/** Errors for a record that Kafka refuses because of the record itself. */
const TOO_LARGE: readonly (readonly [string, string])[] = [
  ['MESSAGE_TOO_LARGE', 'A record is larger than the topic allows: raise `max.message.bytes` of the topic.'],
  [
    'RECORD_LIST_TOO_LARGE',
    'The records are larger than the topic allows: raise `segment.bytes` of the topic.',
  ],
]

/** Errors that only a change of settings fixes, ours or Kafka's, by their names in Kafka, in its client and in TLS. */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['TOPIC_AUTHORIZATION_FAILED', 'The Kafka user is not authorized for the topics with this prefix.'],
  ['GROUP_AUTHORIZATION_FAILED', 'The Kafka user is not authorized for the groups with this prefix.'],
  [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'The Kafka user is not authorized for the transactional ids with this prefix.',
  ],
  ['CLUSTER_AUTHORIZATION_FAILED', 'The Kafka user is not authorized for idempotent writes.'],
  ['UNSUPPORTED_SASL_MECHANISM', 'Kafka does not support this `broker.sasl.mechanism`.'],
  ['SASL_AUTHENTICATION_FAILED', 'Kafka refused the user or the password of `broker.sasl`.'],
  ['PLT_KFK_AUTHENTICATION', 'Kafka refuses `broker.sasl`.'],
  [
    'UNSUPPORTED_VERSION',
    'This Kafka is too old: Wattline needs Kafka 4.0 or newer with KIP-848 consumer groups.',
  ],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'The certificate of Kafka is not trusted: set `broker.tls.ca`.'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'The certificate of Kafka is not trusted: set `broker.tls.ca`.'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'The certificate of Kafka is not trusted: set `broker.tls.ca`.'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'The certificate of Kafka is not trusted: set `broker.tls.ca`.'],
  ['CERT_HAS_EXPIRED', 'The certificate of Kafka has expired (`broker.tls`).'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'The certificate of Kafka does not match the host names in `broker.brokers`.',
  ],
]

/** Whether one of these names occurs anywhere in the error, from Kafka, its client or the socket. */
export function saysOneOf(error: unknown, names: readonly string[]): boolean {
  if (!(error instanceof Error)) return false
  const { apiId, code } = error as { readonly apiId?: unknown; readonly code?: unknown }
  if (names.some(name => name === apiId || name === code)) return true
  if (error instanceof AggregateError && error.errors.some(one => saysOneOf(one, names))) return true
  return saysOneOf(error.cause, names)
}

/** Another member has the partition now, or the group has forgotten this one: retrying is useless. */
export class TakenOver extends WattlineError {
  constructor(doing: string, cause: unknown) {
    super(
      'broker_unavailable',
      `Kafka refused ${doing}: the partition is no longer assigned to this worker.`,
      {
        cause,
      },
    )
  }
}

/**
 * Our error for anything that a call to Kafka has thrown. Even for wrong settings it is `broker_unavailable`: what
 * worked at the start may work again, and until then data waits.
 */
export function kafkaFailure(error: unknown, doing: string): WattlineError {
  if (error instanceof WattlineError) return error
  if (saysOneOf(error, TAKEN_OVER)) return new TakenOver(doing, error)
  const tooLarge = TOO_LARGE.find(([name]) => saysOneOf(error, [name]))
  if (tooLarge !== undefined) return new WattlineError('body_too_large', tooLarge[1], { cause: error })
  const setting = SETTINGS.find(([name]) => saysOneOf(error, [name]))
  const message = setting?.[1] ?? `Kafka failed while ${doing}: ${innermost(error)}.`
  return new WattlineError('broker_unavailable', message, { cause: error })
}

/** The same during start, where wrong settings end the start. */
export function startFailure(error: unknown, doing: string): WattlineError {
  const setting = SETTINGS.find(([name]) => saysOneOf(error, [name]))
  if (setting === undefined || error instanceof WattlineError) return kafkaFailure(error, doing)
  return new WattlineError('config_invalid', setting[1], { cause: error })
}

/** The innermost cause of nested errors, as text. */
function innermost(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors.at(-1))
  if (error instanceof Error && error.cause instanceof Error) return innermost(error.cause)
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
}
