import type { IntensityValues } from '../../core/factors/intensity-values.ts'

/** Asks a provider; resolves with the JSON of its answer. @throws FactorProviderError */
export type GetJson = (path: string, headers?: Readonly<Record<string, string>>) => Promise<unknown>

/** Somebody who publishes the carbon intensity of a grid zone. */
export interface IntensityProvider {
  /** As in the configuration: `uk_carbon_intensity`. */
  readonly kind: string
  /** Zone that its values are put in force for. */
  readonly zone: string
  /** What is known now: the past day, and the forecast where there is one. @throws FactorProviderError */
  read(get: GetJson, nowMs: number): Promise<readonly IntensityValues[]>
}

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

/** Fails with what was expected where an answer is not of the documented shape. */
export function shape<T>(parsed: { success: true; data: T } | { success: false; error: Error }): T {
  if (parsed.success) return parsed.data
  throw new FactorProviderError(
    `the answer is not of the documented shape: ${parsed.error.message.slice(0, 300)}`,
  )
}
