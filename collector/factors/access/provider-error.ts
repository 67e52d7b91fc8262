/** A provider did not give what it documents. */
export class FactorProviderError extends Error {
  /** When it asks to be left alone until, seconds from now. */
  readonly retryAfterSeconds: number | null

  constructor(message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number | null } = {}) {
    super(message, options)
    this.name = 'FactorProviderError'
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
  }
}
