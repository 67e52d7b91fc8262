import type { ScrapeProtocol } from '../../../core/catalogue/config/keys/scrape.ts'
import { ScrapeFailure } from './failure.ts'

/** Grammar for a scraped body. */
export type TextFormat = 'openmetrics' | 'prometheus'

const MEDIA_TYPES: Readonly<Record<ScrapeProtocol, string>> = {
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0;escaping=allow-utf-8',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
}
const FIRST_TENTHS = 6

/** `Accept` with decreasing weights; any media type comes last, since many exporters do not negotiate. */
export function acceptOf(protocols: readonly ScrapeProtocol[]): string {
  const types = protocols.map(
    (protocol, index) => `${MEDIA_TYPES[protocol]};q=0.${Math.max(2, FIRST_TENTHS - index)}`,
  )
  return [...types, '*/*;q=0.1'].join(',')
}

const formatOf = (protocol: ScrapeProtocol): TextFormat =>
  protocol.startsWith('OpenMetrics') ? 'openmetrics' : 'prometheus'

/** A type and a subtype, in the characters that HTTP allows. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/

/**
 * The format named in the answer. As in Prometheus 3, a missing or unknown format is not guessed from the body: the
 * job's fallback applies, and without one the scrape fails.
 */
export function textFormat(
  contentType: string | undefined,
  fallback: ScrapeProtocol | undefined,
): TextFormat {
  const media = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (media === 'application/openmetrics-text') return 'openmetrics'
  if (media === 'text/plain') return 'prometheus'
  if (fallback !== undefined) return formatOf(fallback)
  const said =
    contentType === undefined || contentType === ''
      ? 'The answer has no Content-Type'
      : `Content-Type ${JSON.stringify(contentType.slice(0, 100))} is ${MEDIA_TYPE.test(media) ? 'not an exposition format' : 'not a media type'}`
  throw new ScrapeFailure(
    'content_type',
    `${said}. If the body is an exposition, set fallback_scrape_protocol to its format.`,
  )
}
