/** The documents of the platform (IEC 62325-351): time series of points, with the curve type that says what omitted points are. */
import { decimalText, parseDecimal } from '../../../core/model/decimal.ts'
import { FactorProviderError } from '../access/provider-error.ts'
import { childElements, elementText, parseXml, type XmlElement } from './xml.ts'

/** A value that holds for a while, ms since the epoch. */
export interface MarketInterval {
  readonly fromMs: number
  readonly toMs: number
  /** Exact decimal. */
  readonly value: string
}

/** One time series. */
export interface MarketSeries {
  /** Elements of the series beside its periods, by path: `psrType`, `currency_Unit.name`. */
  readonly says: (...path: readonly string[]) => string
  readonly steps: readonly MarketInterval[]
}

/** What was asked for; or that it is not there, and why. */
export type MarketDocument =
  | { readonly kind: 'series'; readonly series: readonly MarketSeries[] }
  | { readonly kind: 'missing'; readonly reason: string }

/** "No matching data found". */
const NO_DATA = '999'

/** @throws FactorProviderError for another document, one that is not of its shape, and an answer that refuses the question */
export function parseMarketDocument(text: string, name: string, valueName: string): MarketDocument {
  const document = parseXml(text)
  if (document.name === 'Acknowledgement_MarketDocument') return acknowledged(document)
  if (document.name !== name) throw wrong(`it is a ${document.name.slice(0, 60)}, not a ${name}`)
  return {
    kind: 'series',
    series: childElements(document, 'TimeSeries').map(one => ({
      says: (...path) => elementText(one, ...path),
      steps: childElements(one, 'Period').flatMap(period =>
        stepsOf(period, elementText(one, 'curveType'), valueName),
      ),
    })),
  }
}

function acknowledged(document: XmlElement): MarketDocument {
  const [code, reason] = [
    elementText(document, 'Reason', 'code'),
    elementText(document, 'Reason', 'text').slice(0, 300),
  ]
  if (code === NO_DATA) return { kind: 'missing', reason }
  throw new FactorProviderError(
    `ENTSO-E refuses the request: ${reason || 'no reason given'} (code ${code || 'missing'})`,
  )
}

const wrong = (what: string): FactorProviderError =>
  new FactorProviderError(`the answer is not of the documented shape: ${what}`)

const RESOLUTION_MS: Readonly<Record<string, number>> = {
  PT1M: 60_000,
  PT5M: 300_000,
  PT15M: 900_000,
  PT30M: 1_800_000,
  PT60M: 3_600_000,
  PT1H: 3_600_000,
  P1D: 86_400_000,
}

/** Curve type in which an omitted point repeats the point before it. In other types, an omitted point is unknown. */
const REPEATS = 'A03'
/** A leap year of minutes does not come in one answer; a month of quarter hours does. */
const MOST_POINTS = 100_000

function stepsOf(period: XmlElement, curve: string, valueName: string): readonly MarketInterval[] {
  const resolution = elementText(period, 'resolution')
  const stepMs = RESOLUTION_MS[resolution]
  if (stepMs === undefined) throw wrong(`unknown resolution ${JSON.stringify(resolution.slice(0, 20))}`)
  const [startMs, endMs] = [timeOf(period, 'start'), timeOf(period, 'end')]
  const count = Math.ceil((endMs - startMs) / stepMs)
  if (!(count > 0 && count <= MOST_POINTS)) throw wrong(`a period of ${count} points`)
  const points = childElements(period, 'Point')
    .map(point => pointOf(point, valueName, count))
    .sort((a, b) => a.position - b.position)
  return points.map(({ position, value }, index) => {
    const fromMs = startMs + (position - 1) * stepMs
    const next = points[index + 1]?.position ?? count + 1
    if (next === position) throw wrong(`position ${position} appears twice`)
    const toMs = curve === REPEATS ? startMs + (next - 1) * stepMs : fromMs + stepMs
    return { fromMs, toMs: Math.min(toMs, endMs), value }
  })
}

function timeOf(period: XmlElement, which: 'start' | 'end'): number {
  const text = elementText(period, 'timeInterval', which)
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms))
    throw wrong(`${which} of a period is ${JSON.stringify(text.slice(0, 40))}, not a time in UTC`)
  return ms
}

function pointOf(point: XmlElement, valueName: string, count: number) {
  const [position, value] = [elementText(point, 'position'), elementText(point, valueName)]
  const number = Number(position)
  if (!/^\d{1,6}$/.test(position) || number < 1 || number > count) {
    throw wrong(`position ${JSON.stringify(position.slice(0, 20))} of ${count}`)
  }
  try {
    return { position: number, value: decimalText(parseDecimal(value)) }
  } catch {
    throw wrong(`${valueName} ${JSON.stringify(value.slice(0, 40))} is not a decimal number`)
  }
}
