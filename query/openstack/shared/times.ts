/** Times and spans as OpenStack's clients write them, and as its services answer them. Times are milliseconds since the epoch. */

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+ -]\d\d:?\d\d)?)?$/i
/** The last one that a date can have. */
const LAST_MS = 253_402_300_799_999

/**
 * Seconds since the epoch, ISO 8601 (UTC where no zone is given), or a span relative to now, such as `-10 minutes`. Undefined
 * for anything else and for times before 1970.
 */
export function timestampMs(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim()
  const ms = numberMs(trimmed) ?? isoMs(trimmed) ?? relativeMs(trimmed, nowMs)
  return ms === undefined || !(ms >= 0 && ms <= LAST_MS) ? undefined : ms
}

const numberMs = (text: string): number | undefined =>
  /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text) ? Math.floor(Number(text) * 1000) : undefined

function isoMs(text: string): number | undefined {
  const found = ISO.exec(text)
  if (found === null) return undefined
  const [, day = '', minute = '00:00', second = '00', fraction = '', zone = 'Z'] = found
  // A plus sign that was not encoded arrives as a space.
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : zone.replace(' ', '+').replace(/^(...)(\d\d)$/, '$1:$2')
  const ms = Date.parse(`${day}T${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`)
  return Number.isNaN(ms) ? undefined : ms
}

function relativeMs(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs
  const span = spanMs(text)
  return span === undefined ? undefined : nowMs + span
}

const UNITS: readonly (readonly [pattern: RegExp, ms: number])[] = [
  [/^(w|wks?|weeks?)$/, 604_800_000],
  [/^(d|dys?|days?)$/, 86_400_000],
  [/^(h|hrs?|hours?)$/, 3_600_000],
  [/^(m|mins?|minutes?)$/, 60_000],
  [/^(s|secs?|seconds?)$/, 1_000],
]

/** Milliseconds of `60`, `1.5`, `5 minutes`, `1h30m`, `1:00:00` or `1 day, 0:00:00`; undefined for anything else. */
export function spanMs(text: string): number | undefined {
  const found = /^([+-]?)\s*(.+)$/.exec(text.trim().toLowerCase())
  if (found === null) return undefined
  const size = sizeMs(found[2]!)
  return size === undefined ? undefined : Math.round(found[1] === '-' ? -size : size)
}

function sizeMs(text: string): number | undefined {
  if (/^\d+(\.\d*)?([e][+-]?\d+)?$/.test(text)) return Number(text) * 1000
  const clock = /^(?:(\d+)\s*(?:d|days?)\s*,?\s*)?(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(text)
  if (clock !== null) {
    const [, days = '0', first, second, third] = clock
    const parts = third === undefined ? [0, first, second] : [first, second, third]
    const [hours, minutes, seconds] = parts.map(Number) as [number, number, number]
    return ((Number(days) * 24 + hours) * 3_600 + minutes * 60 + seconds) * 1000
  }
  let sum = 0
  let rest = text
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*,?\s*/.exec(rest)
    const unit = UNITS.find(([pattern]) => part !== null && pattern.test(part[2]!))
    if (part === null || unit === undefined) return undefined
    sum += Number(part[1]) * unit[1]
    rest = rest.slice(part[0].length)
  }
  return sum
}

/** A time in an answer: whole seconds. */
export const measureTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}+00:00`

/** A time that describes a resource. */
export const resourceTime = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace(/(?:\.000|(\.\d{3}))Z$/, (_, fraction?: string) =>
      fraction === undefined ? '+00:00' : `${fraction}000+00:00`,
    )

/** A span as Python writes it: `1 day, 0:00:00`. */
export function pythonSpan(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const [hours, minutes, rest] = [
    Math.floor((seconds % 86_400) / 3_600),
    Math.floor((seconds % 3_600) / 60),
    seconds % 60,
  ]
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `}${hours}:${two(minutes)}:${two(rest)}`
}
