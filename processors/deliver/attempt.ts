/** One attempt to deliver a message, and what follows from its result. */
import type { AddressFilter } from '../../core/outgoing/addresses.ts'
import { OutgoingError, type OutgoingReply, post } from '../../core/outgoing/post.ts'
import { alertmanagerBody } from './bodies/alertmanager.ts'
import { aodhBody } from './bodies/aodh.ts'
import type { MakeBody, ReceiverConfig } from './bodies/body.ts'
import { cloudEventsBody, standardBody } from './bodies/events.ts'
import { PAGERDUTY_URL, pagerdutyBody } from './bodies/pagerduty.ts'
import { slackBody } from './bodies/slack.ts'
import { webhookBody } from './bodies/webhook.ts'
import type { PendingMessage } from './pending.ts'
import { signatureHeaders } from './sign.ts'

const BODIES: Readonly<Record<ReceiverConfig['kind'], MakeBody>> = {
  webhook: webhookBody,
  standard: standardBody,
  cloudevents: cloudEventsBody,
  slack: slackBody,
  pagerduty: pagerdutyBody,
  alertmanager: alertmanagerBody,
  aodh: aodhBody,
}

/** What became of an attempt. */
export interface AttemptResult {
  readonly outcome: 'delivered' | 'failed' | 'gone'
  /** HTTP status; 0 without an answer. */
  readonly status: number
  readonly error: string
  readonly retryAfterMs: number | null
}

/** Sends a message once; every attempt sends the same body. Never rejects. */
export async function attemptDelivery(
  { message, createdMs }: Pick<PendingMessage, 'message' | 'createdMs'>,
  receiver: ReceiverConfig,
  isAllowed: AddressFilter,
  nowMs: number,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const { body, contentType, path } = BODIES[receiver.kind](message, receiver, Math.floor(createdMs / 1000))
  try {
    const base = receiver.url ?? PAGERDUTY_URL
    const url = new URL(path === '' ? base : `${base.replace(/\/$/, '')}${path}`)
    return resultOf(
      await post({
        url,
        headers: {
          'content-type': contentType,
          'user-agent': 'wattline',
          ...(receiver.token === undefined ? {} : { authorization: `Bearer ${receiver.token}` }),
          ...signatureHeaders(receiver.secrets, message.id, Math.floor(nowMs / 1000), body),
        },
        body,
        timeoutMs: receiver.timeout * 1000,
        isAllowed,
        signal,
      }),
    )
  } catch (error) {
    const why = error instanceof OutgoingError ? error.message : String(error)
    return { outcome: 'failed', status: 0, error: why, retryAfterMs: null }
  }
}

/** 410 says that the receiver is gone for good; every other status but 2xx is tried again. */
function resultOf({ status, retryAfterMs, text }: OutgoingReply): AttemptResult {
  if (status >= 200 && status < 300) return { outcome: 'delivered', status, error: '', retryAfterMs: null }
  const shown = text.replaceAll(/\s+/g, ' ').trim().slice(0, 200)
  const error = `answered ${status}${shown === '' ? '' : `: ${shown}`}`
  return { outcome: status === 410 ? 'gone' : 'failed', status, error, retryAfterMs }
}
