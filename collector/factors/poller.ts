/**
 * Asks providers again and again, and puts what they say in force. While one is away its last known value goes on to hold, marked
 * `estimated`, for a few hours; then the yearly average does. What it says afterwards restates both.
 */
import type { Events } from '../../core/catalogue/events/events.ts'
import type { IssuedForecast } from '../../core/factors/forecasts.ts'
import { factorsOf, type IntensityValues, intensityValues } from '../../core/factors/intensity-values.ts'
import { spotPricesOf, spotValues } from '../../core/factors/prices/spot-values.ts'
import { digest } from '../../core/model/digest.ts'
import type { Factor } from '../../core/model/factor.ts'
import type { SpotPrice } from '../../core/model/prices/spot-price.ts'
import { backoffMs, sleep } from '../../core/runtime/backoff.ts'
import { getterFrom } from './access/http-get.ts'
import type { IntensityProvider } from './access/provider.ts'
import { FactorProviderError } from './access/provider-error.ts'
import type { RequestBudget } from './access/request-budget.ts'

/** A provider, its base URL and how often it is read. */
export interface PolledProvider {
  readonly provider: IntensityProvider
  readonly url: string
  readonly intervalMs: number
  /** What its account may ask; shared by the entries of the account. */
  readonly budget: RequestBudget
}

/** What the poller reads from and writes to. */
export interface FactorPollerOptions {
  readonly providers: readonly PolledProvider[]
  /** Puts values in force; resolves with the number of days that changed. */
  readonly put: (factors: readonly Factor[]) => Promise<number>
  /** The same for prices. */
  readonly putPrices: (prices: readonly SpotPrice[]) => Promise<number>
  /** Keeps forecasts as they were issued; resolves once they are durable. */
  readonly keep: (forecasts: readonly IssuedForecast[]) => Promise<void>
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
}

/** The running poller; `stop` resolves when requests in flight have ended. */
export interface FactorPoller {
  stop(): Promise<void>
}

const FIRST_RETRY_MS = 30_000
const MAX_RETRY_MS = 30 * 60_000
/** So long after its end the last known value is a better guess than the average of a year. */
const CARRIED_MS = 6 * 3_600_000

/** Polls every provider in a loop of its own, so that one that is down does not delay the others. */
export function startFactorPoller(options: FactorPollerOptions): FactorPoller {
  const stopping = new AbortController()
  const running = options.providers.map(polled => poll(polled, options, stopping.signal))
  return {
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

async function poll(
  polled: PolledProvider,
  options: FactorPollerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { provider, url, intervalMs, budget } = polled
  const { events, now } = options
  const get = getterFrom({ base: url, budget, stopped: signal, now })
  const issued = new IssuedBefore()
  const carry = new Carry(provider.zone)
  for (let attempt = 0; !signal.aborted; ) {
    const nowMs = now()
    let waitMs = intervalMs
    try {
      const read = await provider.read(get, nowMs)
      for (const reason of read.missing ?? []) {
        events.emit('factorDataMissing', { provider: provider.kind, zone: provider.zone, reason })
      }
      for (const values of read.intensities.map(one => intensityValues.parse(one))) {
        await options.put(factorsOf(values, provider.kind))
        carry.note(values)
      }
      for (const prices of (read.prices ?? []).map(one => spotValues.parse(one))) {
        await options.putPrices(spotPricesOf(prices))
      }
      const forecasts = issued.newOnes(read.forecasts ?? [])
      if (forecasts.length > 0) await options.keep(forecasts)
      issued.note(forecasts)
      attempt = 0
    } catch (error) {
      if (signal.aborted) return
      events.emit('factorProviderFailed', { provider: provider.kind, zone: provider.zone }, error)
      const askedMs = error instanceof FactorProviderError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
      waitMs = Math.max(askedMs, Math.min(intervalMs, backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS)))
      attempt += 1
    }
    await carry.extend(options, provider.kind, nowMs + waitMs)
    await sleep(waitMs, signal)
  }
}

/** Which forecast of each kind was kept last: the same one is read many times. */
class IssuedBefore {
  readonly #last = new Map<string, string>()

  newOnes(forecasts: readonly IssuedForecast[]): readonly IssuedForecast[] {
    return forecasts.filter(one => one.values.length > 0 && this.#last.get(one.kind) !== contentOf(one))
  }

  note(forecasts: readonly IssuedForecast[]): void {
    for (const one of forecasts) this.#last.set(one.kind, contentOf(one))
  }
}

/** Not the time of issue: a forecast that says the same as the last one is no new one. */
const contentOf = ({ values }: IssuedForecast): string => digest(JSON.stringify(values), 16)

/** The last value of each kind that a provider gave, and how far it has been made to hold. */
class Carry {
  readonly #zone: string
  readonly #last = new Map<IntensityValues['kind'], { readonly grams: string; endMs: number; toMs: number }>()

  constructor(zone: string) {
    this.#zone = zone
  }

  note({ kind, values }: IntensityValues): void {
    let last: IntensityValues['values'][number] | undefined
    for (const value of values)
      if (last === undefined || Date.parse(value.to) > Date.parse(last.to)) last = value
    if (last === undefined) return
    const endMs = Date.parse(last.to)
    this.#last.set(kind, { grams: last.g_per_kwh, endMs, toMs: endMs })
  }

  /** Makes last values hold until then, as far as they may. A failure of the log is reported, and the next time makes up for it. */
  async extend({ put, events }: FactorPollerOptions, label: string, untilMs: number): Promise<void> {
    for (const [kind, last] of this.#last) {
      const toMs = Math.min(Math.ceil(untilMs / 60_000) * 60_000, last.endMs + CARRIED_MS)
      if (toMs <= last.toMs) continue
      const value = {
        from: new Date(last.toMs).toISOString(),
        to: new Date(toMs).toISOString(),
        g_per_kwh: last.grams,
        state: 'estimated' as const,
      }
      const values = { zone: this.#zone, kind, source: `last known value of ${label}`, values: [value] }
      try {
        await put(factorsOf(intensityValues.parse(values), label))
        last.toMs = toMs
      } catch (error) {
        events.emit('factorProviderFailed', { provider: label, zone: this.#zone }, error)
      }
    }
  }
}
