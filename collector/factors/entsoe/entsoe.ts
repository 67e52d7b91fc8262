/**
 * The ENTSO-E Transparency Platform: generation by production type, which gives the average intensity of what a zone generates
 * (imports are not in it), and day-ahead prices. Regulation (EU) No 543/2013.
 */
import { entsoeArea } from '../../../core/model/places/entsoe-areas.ts'
import type { HttpGet } from '../access/http-get.ts'
import type { IntensityProvider } from '../access/provider.ts'
import { FactorProviderError } from '../access/provider-error.ts'
import { intensitiesOf } from './intensity.ts'
import { type MarketDocument, parseMarketDocument } from './market-documents.ts'
import { dayAheadPrices } from './prices.ts'
import { EMISSION_SOURCE } from './production-types.ts'

/** Base URL when the configuration sets none. */
export const ENTSOE_URL = 'https://web-api.tp.entsoe.eu/api'
const SOURCE = `ENTSO-E Transparency Platform, generation per type (A75), factors: ${EMISSION_SOURCE}`
const PRICE_SOURCE = 'ENTSO-E Transparency Platform, day-ahead prices (A44)'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Access to one zone of the platform. */
export interface EntsoeOptions {
  /** Zone that values are put in force for. */
  readonly zone: string
  /** Code of the area; where there is none, those of the zone. */
  readonly area?: string | undefined
  readonly token: string
}

/** Reads generation of the past day, and prices from the past day to the end of what is published. */
export function entsoe({ zone, area, token }: EntsoeOptions): IntensityProvider {
  const areas = area === undefined ? entsoeArea(zone) : { generation: area, prices: area }
  if (areas === null) throw new RangeError(`the area of zone ${zone} is not known`)
  const ask = async (get: HttpGet, question: Readonly<Record<string, string>>): Promise<string> => {
    const query = new URLSearchParams({ securityToken: token, ...question })
    // Where there is no data the platform has answered 400 as well as 200.
    return (await get(`?${query}`, { accept: 'application/xml', also: [400] })).text
  }
  return {
    kind: 'entsoe',
    zone,
    async read(get, nowMs) {
      // Whole hours: the same question as before may be answered as before.
      const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
      const from = { periodStart: minute(hourMs - DAY_MS) }
      const generation = parseMarketDocument(
        await ask(get, {
          documentType: 'A75',
          processType: 'A16',
          in_Domain: areas.generation,
          ...from,
          periodEnd: minute(hourMs + HOUR_MS),
        }),
        'GL_MarketDocument',
        'quantity',
      )
      const dayAhead = parseMarketDocument(
        await ask(get, {
          documentType: 'A44',
          in_Domain: areas.prices,
          out_Domain: areas.prices,
          ...from,
          periodEnd: minute(hourMs + 2 * DAY_MS),
        }),
        'Publication_MarketDocument',
        'price.amount',
      )
      const missing = [...missingOf('generation', generation), ...missingOf('prices', dayAhead)]
      if (missing.length === 2) throw new FactorProviderError(`ENTSO-E has no data: ${missing.join('; ')}`)
      const values = generation.kind === 'series' ? intensitiesOf(generation.series) : []
      const prices = dayAhead.kind === 'series' ? dayAheadPrices(dayAhead.series) : null
      return {
        intensities:
          values.length === 0 ? [] : [{ zone, kind: 'average', source: SOURCE, values: [...values] }],
        prices: prices === null ? [] : [{ zone, source: PRICE_SOURCE, ...prices }],
        missing,
      }
    },
  }
}

const missingOf = (what: string, document: MarketDocument): readonly string[] =>
  document.kind === 'missing' ? [`${what}: ${document.reason}`] : []

/** As the platform writes times: yyyyMMddHHmm, UTC. */
const minute = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(0, 12)
