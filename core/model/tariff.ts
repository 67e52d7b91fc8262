/** What energy and resources cost: exact prices, energy by time of day where a tariff has bands. */
import { type Decimal, decimalText, parseDecimal, type Rational, rational } from './decimal.ts'
import { digest } from './digest.ts'

/** As configured: prices as decimal text, times as `HH:MM` in `timeZone`. */
export interface TariffContent {
  /** ISO 4217 */
  readonly currency: string
  readonly pricePerKwh?: string | undefined
  /** IANA name */
  readonly timeZone: string
  /** `[from, to)`; a band whose `to` is not after its `from` reaches over midnight. First match wins. */
  readonly bands: readonly { readonly from: string; readonly to: string; readonly pricePerKwh: string }[]
  readonly pricePerVcpuHour?: string | undefined
  readonly pricePerGibHour?: string | undefined
}

export interface EnergyPrice {
  /** Currency units per kWh. */
  readonly price: Rational
  /** Of the tariff and, in front of it, the price that it gave. */
  readonly version: string
}

export interface Tariff {
  readonly currency: string
  /** Version of the tariff as a whole; '' when it prices nothing. */
  readonly version: string
  /** Price of energy in the minute that begins then; null: no price covers it. */
  energyPriceAt(windowStartSeconds: number): EnergyPrice | null
  /** Null: resources are not priced by this tariff. */
  readonly perVcpuHour: Rational | null
  readonly perGibHour: Rational | null
}

interface Band {
  readonly fromMinute: number
  readonly toMinute: number
  readonly price: EnergyPrice
}

/** @throws RangeError for a time zone that the runtime does not know, a time that is none, a price that is no decimal. */
export function createTariff(content: TariffContent): Tariff {
  const priced = [content.pricePerKwh, content.pricePerVcpuHour, content.pricePerGibHour].some(Boolean)
  const version = priced || content.bands.length > 0 ? versionOf(content) : ''
  const price = (text: string): EnergyPrice => ({
    price: rational(parseDecimal(text)),
    version: `${decimalText(parseDecimal(text))}:${version}`,
  })
  const base = content.pricePerKwh === undefined ? null : price(content.pricePerKwh)
  const bands: Band[] = content.bands.map(band => ({
    fromMinute: minuteOfDay(band.from),
    toMinute: minuteOfDay(band.to),
    price: price(band.pricePerKwh),
  }))
  const localMinuteAt = localClock(content.timeZone)
  return {
    currency: content.currency,
    version,
    energyPriceAt(windowStartSeconds) {
      if (bands.length === 0) return base
      const minute = localMinuteAt(windowStartSeconds)
      return bands.find(band => isWithin(band, minute))?.price ?? base
    },
    perVcpuHour: resourcePrice(content.pricePerVcpuHour),
    perGibHour: resourcePrice(content.pricePerGibHour),
  }
}

const resourcePrice = (text: string | undefined): Rational | null =>
  text === undefined ? null : rational(parseDecimal(text))

function versionOf(content: TariffContent): string {
  const plain = (text: string | undefined): string | null =>
    text === undefined ? null : decimalText(parseDecimal(text) satisfies Decimal)
  const bands = content.bands.map(({ from, to, pricePerKwh }) => [from, to, plain(pricePerKwh)])
  const whole = [
    content.currency,
    plain(content.pricePerKwh),
    content.timeZone,
    bands,
    plain(content.pricePerVcpuHour),
    plain(content.pricePerGibHour),
  ]
  return `${content.currency}:${digest(JSON.stringify(whole), 8)}`
}

function minuteOfDay(text: string): number {
  const [hours, minutes] = text.split(':').map(Number)
  const minute = hours! * 60 + minutes!
  if (!/^\d\d:\d\d$/.test(text) || minutes! > 59 || minute > 1440) {
    throw new RangeError(`not a time of day: ${JSON.stringify(text)}`)
  }
  return minute
}

const isWithin = ({ fromMinute, toMinute }: Band, minute: number): boolean =>
  fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute

/** Minute of the local day, daylight saving included. Windows are rated in runs: the last answer is kept. */
function localClock(timeZone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  let last = { seconds: Number.NaN, minute: 0 }
  return seconds => {
    if (seconds !== last.seconds) {
      last = { seconds, minute: minuteOfDay(format.format(seconds * 1000)) }
    }
    return last.minute
  }
}
