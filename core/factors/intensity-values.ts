/** Grid intensities as somebody gives them: one zone and kind, and values with the times for which they hold. */
import { z } from 'zod'
import { decimalText, parseDecimal } from '../model/decimal.ts'
import { type Factor, factor } from '../model/factor.ts'
import { ZONE, ZONE_SHAPE } from '../model/zone.ts'

/** Values of one call; a year of hours is 8,784. */
export const MOST_VALUES = 10_000
/** The longest time that one value may hold. */
const LONGEST_SECONDS = 400 * 86_400
/** Above every grid there is: lignite alone emits about 1,200. */
const MOST_G_PER_KWH = 5_000n

const time = z
  .string()
  .refine(text => secondsOf(text) !== null, 'must be a whole UTC second such as 2026-11-30T12:00:00Z')

const gramsPerKwh = z.union([z.string(), z.number()]).transform((given, context) => {
  const text = typeof given === 'number' ? plainNumber(given) : given
  const value = decimalOf(text)
  if (
    value !== null &&
    value.mantissa >= 0n &&
    value.mantissa <= MOST_G_PER_KWH * 10n ** BigInt(value.scale)
  ) {
    return decimalText(value)
  }
  context.addIssue({ code: 'custom', message: `must be a decimal number from 0 to ${MOST_G_PER_KWH}` })
  return z.NEVER
})

/** Signal kinds: averages and marginal values are never mixed in one total; market-based values stand beside both. */
export const INTENSITY_KINDS = ['average', 'marginal', 'market'] as const
/** Kinds that values can be uploaded for. They are never mixed in one total. */
export type IntensityKind = (typeof INTENSITY_KINDS)[number]

/** Schema of uploaded intensities, gCO2e/kWh as exact decimals. */
export const intensityValues = z.strictObject({
  zone: z.string().regex(ZONE, `must be ${ZONE_SHAPE}`),
  kind: z.enum(INTENSITY_KINDS).default('average'),
  /** Who says so: printed wherever the version is looked up. */
  source: z.string().min(1).max(200),
  values: z
    .array(
      z.strictObject({
        from: time,
        to: time,
        g_per_kwh: gramsPerKwh,
        state: z.enum(['forecast', 'estimated', 'final']).default('final'),
      }),
    )
    .min(1)
    .max(MOST_VALUES),
})
/** Intensities that have passed the schema, times and values still as text. */
export type IntensityValues = z.infer<typeof intensityValues>

/**
 * Factors of values that have passed the schema, in order of time.
 * @throws RangeError for a value whose time is empty or too long, and for two that overlap
 */
export function factorsOf({ zone, kind, source, values }: IntensityValues, label: string): readonly Factor[] {
  const found = values.map(({ from, to, g_per_kwh, state }) => {
    const [validFrom, validTo] = [secondsOf(from), secondsOf(to)]
    if (validFrom === null || validTo === null) throw new RangeError(`not a time: ${from}, ${to}`)
    if (validTo <= validFrom) throw new RangeError(`the value from ${from} ends at ${to}, not after it`)
    if (validTo - validFrom > LONGEST_SECONDS) {
      throw new RangeError(`the value from ${from} to ${to} holds for more than 400 days`)
    }
    const value = parseDecimal(g_per_kwh)
    return factor(label, { value, unit: 'gCO2e/kWh', zone, validFrom, validTo, source, kind, state })
  })
  found.sort((a, b) => (a.validFrom ?? 0) - (b.validFrom ?? 0))
  for (const [index, { validFrom }] of found.entries()) {
    const before = found[index - 1]
    if (before === undefined || (validFrom ?? 0) >= (before.validTo ?? 0)) continue
    const at = new Date((validFrom ?? 0) * 1000).toISOString()
    throw new RangeError(`two values hold at ${at}: give one value for each time`)
  }
  return found
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.0+)?)?(Z|[+-]\d\d:?\d\d)$/

/** Seconds since the epoch of an ISO 8601 time with its offset; null when the text is not one. */
function secondsOf(text: string): number | null {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) || ms < 0 ? null : ms / 1000
}

function decimalOf(text: string): ReturnType<typeof parseDecimal> | null {
  try {
    return parseDecimal(text)
  } catch {
    return null
  }
}

/** A JSON number without an exponent, where it has at most 6 decimals: what a provider sends. */
const plainNumber = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(6).replace(/\.?0+$/, '') : ''
