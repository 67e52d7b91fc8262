/** Parameters of the Prometheus API, from the address and from a form, with Prometheus' own words for what is wrong. */
import { durationMs, outOfRange } from '../../promql/index.ts'
import { EvaluationError } from '../pool/evaluation-error.ts'

/** Parameters of one request. */
export interface Parameters {
  /** The first value; '' when absent. */
  text(name: string): string
  /** All values. */
  all(name: string): readonly string[]
}

/** Parameters of the address and of a form; those of the form come first, as in Prometheus. */
export function parametersOf(url: string, form: string | undefined): Parameters {
  const mark = url.indexOf('?')
  const address = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const body = new URLSearchParams(form ?? '')
  return {
    text: name => body.get(name) ?? address.get(name) ?? '',
    all: name => [...body.getAll(name), ...address.getAll(name)],
  }
}

/** @throws EvaluationError `bad_data` */
export const invalidParameter = (name: string, why: string): EvaluationError =>
  new EvaluationError('bad_data', `invalid parameter "${name}": ${why}`)

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+ -]\d{2}:\d{2})$/
/** The least and the greatest time that Prometheus prints; clients send them back. */
const EXTREMES: ReadonlyMap<string, number> = new Map([
  ['-292273086-05-16T16:47:06Z', Number.MIN_SAFE_INTEGER],
  ['292277025-08-18T07:12:54.999999999Z', Number.MAX_SAFE_INTEGER],
])
/** Beyond, times in ms are not exact. */
const MOST_MS = Number.MAX_SAFE_INTEGER

/** Milliseconds since the epoch, of seconds with decimals or RFC 3339. @throws EvaluationError `bad_data` */
export function timeOf(parameters: Parameters, name: string, absent?: number): number {
  const text = parameters.text(name)
  if (text === '' && absent !== undefined) return absent
  const found = timeMsOf(text)
  if (found !== null) return found
  throw invalidParameter(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`)
}

function timeMsOf(text: string): number | null {
  if (FLOAT.test(text)) {
    const ms = Math.round(Number(text) * 1000)
    return Math.abs(ms) <= MOST_MS ? ms : null
  }
  const extreme = EXTREMES.get(text)
  if (extreme !== undefined) return extreme
  const [, date, time, fraction = '', zone = ''] = RFC3339.exec(text) ?? []
  if (date === undefined) return null
  // A plus that was not escaped in the address is a space.
  const ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone.toUpperCase().replace(' ', '+')}`)
  return Number.isNaN(ms) ? null : ms
}

/** Milliseconds, of seconds with decimals or a duration such as `1h30m`. @throws EvaluationError `bad_data` */
export function durationOf(parameters: Parameters, name: string, absent?: number): number {
  const text = parameters.text(name)
  if (text === '' && absent !== undefined) return absent
  const found = durationMsOf(text)
  if (found !== undefined) return found
  throw invalidParameter(name, `cannot parse ${JSON.stringify(text)} to a valid duration`)
}

function durationMsOf(text: string): number | undefined {
  if (!FLOAT.test(text)) return durationMs(text)
  return outOfRange(Number(text)) ? undefined : Math.round(Number(text) * 1000)
}

/** A number of things; 0 when absent, which is no limit. @throws EvaluationError `bad_data` */
export function limitOf(parameters: Parameters, name = 'limit'): number {
  const text = parameters.text(name)
  if (text === '') return 0
  if (!/^[+-]?\d+$/.test(text))
    throw invalidParameter(name, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (text.startsWith('-')) throw invalidParameter(name, 'limit must be non-negative')
  return Number(text)
}
