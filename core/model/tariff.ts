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

interface EnergyPrice {
  /** Currency units per kWh. */
  readonly price: Rational
  /** Of the tariff and, in front of it, the price that it gave. */
  readonly version: string
}

/** A price as people look it up by the version in a ledger entry. */
interface ListedPrice {
  readonly kind: 'energy' | 'vcpu_hour' | 'gib_hour' | 'whole'
  /** Exact decimal; '' for the whole. */
  readonly value: string
  readonly unit: string
  /** When and where it holds, in words. */
  readonly holds: string
  readonly version: string
}

/** Prices of one tariff as the rater asks for them. */
export interface Tariff {
  readonly currency: string
  /** Version of the tariff as a whole; '' when it prices nothing. */
  readonly version: string
  /** Price of energy in the minute that begins then; null: no price covers it. */
  energyPriceAt(windowStartSeconds: number): EnergyPrice | null
  /** Null: resources are not priced by this tariff. */
  readonly perVcpuHour: Rational | null
  readonly perGibHour: Rational | null
  /** Every version that `energyPriceAt` and `version` can give, once each, and the prices of resources. */
  readonly listed: readonly ListedPrice[]
}

interface Band {
  readonly fromMinute: number
  readonly toMinute: number
  readonly price: EnergyPrice
}

/** @throws RangeError for a time zone that the runtime does not know, an invalid time, a price that is not a decimal. */
export function createTariff(content: TariffContent): Tariff {
  const priced = [content.pricePerKwh, content.pricePerVcpuHour, content.pricePerGibHour].some(Boolean)
  const version = priced || content.bands.length > 0 ? versionOf(content) : ''
  const price = (text: string): EnergyPrice => ({
    price: rational(parseDecimal(text)),
    version: `${plainText(text)}:${version}`,
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
    listed: version === '' ? [] : listPrices(content, version, price),
  }
}

function listPrices(
  content: TariffContent,
  version: string,
  price: (text: string) => EnergyPrice,
): readonly ListedPrice[] {
  const { currency, timeZone, bands, pricePerKwh, pricePerVcpuHour, pricePerGibHour } = content
  const energy = new Map<string, { readonly value: string; readonly times: string[] }>()
  const add = (text: string, time: string): void => {
    const key = price(text).version
    const known = energy.get(key) ?? { value: plainText(text), times: [] }
    energy.set(key, { ...known, times: [...known.times, time] })
  }
  for (const { from, to, pricePerKwh: text } of bands) add(text, `${from}-${to} ${timeZone}`)
  if (pricePerKwh !== undefined) add(pricePerKwh, bands.length === 0 ? 'always' : 'at all other times')
  const resources = [
    { kind: 'vcpu_hour', unit: `${currency}/vCPU-hour`, text: pricePerVcpuHour },
    { kind: 'gib_hour', unit: `${currency}/GiB-hour`, text: pricePerGibHour },
  ] as const
  return [
    ...[...energy].map(([key, { value, times }]) => ({
      kind: 'energy' as const,
      value,
      unit: `${currency}/kWh`,
      holds: times.join(', '),
      version: key,
    })),
    ...resources.flatMap(({ kind, unit, text }) => {
      if (text === undefined) return []
      const value = plainText(text)
      return [{ kind, value, unit, holds: 'always', version: `${kind}:${value}:${version}` }]
    }),
    { kind: 'whole', value: '', unit: '', holds: 'minutes that no energy price covers', version },
  ]
}

const resourcePrice = (text: string | undefined): Rational | null =>
  text === undefined ? null : rational(parseDecimal(text))

const plainText = (text: string): string => decimalText(parseDecimal(text) satisfies Decimal)

function versionOf(content: TariffContent): string {
  const plain = (text: string | undefined): string | null => (text === undefined ? null : plainText(text))
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
