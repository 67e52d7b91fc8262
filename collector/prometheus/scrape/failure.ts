/** Why a scrape failed: label of a counter. */
type FailureReason =
  | 'connection'
  | 'timeout'
  | 'status'
  | 'content_type'
  | 'too_large'
  | 'samples'
  | 'format'
  | 'overloaded'
  | 'log'

/** Ends one scrape; the target is scraped again at its next interval. Never leaves the scraper. */
export class ScrapeFailure extends Error {
  readonly reason: FailureReason

  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
