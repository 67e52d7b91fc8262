/** A local server in place of a provider, and a poller that asks it until something has happened. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { startFactorPoller } from '../../../collector/factors/poller.ts'
import { providersOf } from '../../../collector/factors/providers.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { IssuedForecast } from '../../../core/factors/forecasts.ts'
import { putIntensities } from '../../../core/factors/intensity-log.ts'
import { putSpotPrices } from '../../../core/factors/prices/spot-records.ts'
import { decimalText } from '../../../core/model/decimal.ts'
import type { SpotPrice } from '../../../core/model/prices/spot-price.ts'
import { followerOf } from '../../support/factor-follower.ts'
import { memoryLog } from '../../support/memory-log.ts'

/** What the server answers; bodies that are no text are JSON. */
export type Answer = {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body: unknown
}

export const NOW = Date.parse('2026-11-30T12:10:00Z')
const at = (time: string): number => Date.parse(time) / 1000

/** A provider of a test: `answer` may be changed while it runs. */
export class FakeProvider {
  readonly asked: IncomingMessage[] = []
  answer: (path: string, request: IncomingMessage) => Answer = () => ({ status: 404, body: '' })
  url = ''
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, reply) => {
      this.asked.push(request)
      const { status = 200, headers = {}, body } = this.answer(request.url ?? '', request)
      reply.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  }

  get paths(): readonly (string | undefined)[] {
    return this.asked.map(({ url }) => url)
  }

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  /** Asks it as configured until something has happened; what is in force then, what was told and what was kept. */
  async polled(config: object | readonly object[], until: (seen: Seen) => boolean, now = () => NOW) {
    const log = memoryLog()
    const seen = {
      told: [] as string[],
      facts: [] as object[],
      puts: 0,
      kept: [] as IssuedForecast[],
      prices: [] as SpotPrice[],
    }
    const entries = [config].flat().map(one => ({ url: this.url, ...one }))
    const { providers } = configSchema.parse({ factors: { providers: entries } }).factors
    const events: Events = {
      emit: (_name, facts, error) => {
        if (error === undefined) seen.facts.push(facts ?? {})
        else seen.told.push(String(error))
      },
    }
    const poller = startFactorPoller({
      providers: providersOf(providers),
      put: async factors => {
        seen.puts += 1
        return await putIntensities(log, factors, NOW)
      },
      putPrices: async prices => {
        seen.prices.push(...prices)
        return await putSpotPrices(log, prices, NOW)
      },
      keep: async forecasts => void seen.kept.push(...forecasts),
      events,
      now,
    })
    await expect.poll(() => until(seen), { timeout: 20_000 }).toBe(true)
    await poller.stop()
    const follower = followerOf(log, () => 0)
    await follower.follow()
    const { intensities: book } = follower.books
    const value = (zone: string, time: string, kind: 'average' | 'marginal' = 'average') => {
      const found = book.between(zone, kind, at(time), at(time) + 1)[0]
      return found === undefined ? null : `${decimalText(found.value)} ${found.state}`
    }
    return { value, ...seen }
  }
}

interface Seen {
  readonly told: readonly string[]
  readonly facts: readonly object[]
  readonly puts: number
  readonly kept: readonly IssuedForecast[]
  readonly prices: readonly SpotPrice[]
}
