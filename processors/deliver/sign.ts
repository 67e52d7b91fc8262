/** Signatures of Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body` by each secret. */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/**
 * Headers of one attempt. Several secrets give several signatures: a receiver that knows any of them accepts the message, so a
 * secret can be rotated without a gap.
 * @param secrets `whsec_` and base64
 * @param timestamp of this attempt, seconds since the epoch
 */
export function signatureHeaders(
  secrets: readonly string[],
  id: string,
  timestamp: number,
  body: string,
): Readonly<Record<string, string>> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) }
  if (secrets.length === 0) return headers
  const signatures = secrets.map(secret => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { ...headers, 'webhook-signature': signatures.join(' ') }
}
