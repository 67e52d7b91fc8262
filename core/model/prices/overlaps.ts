/** Bands of which two hold at some minute: which one counts would depend on their order. */
import { DAY_MINUTES, dayMatcher, minuteOf } from './schedule.ts'
import type { BandTerms } from './terms.ts'

/** Two bands by their place in the list. */
export interface BandOverlap {
  readonly first: number
  readonly second: number
}

/** Pairs that overlap; bands with times that cannot be are passed over. */
export function overlapsOf(bands: readonly BandTerms[]): readonly BandOverlap[] {
  const parts = bands.map(partsOf)
  return bands.flatMap((_, second) =>
    bands
      .slice(0, second)
      .flatMap((_, first) =>
        parts[first]!.some(one => parts[second]!.some(other => doOverlap(one, other)))
          ? [{ first, second }]
          : [],
      ),
  )
}

/** Minutes `[from, to)` of the day that begins `daysAfter` the day on which the band begins. */
interface BandPart {
  readonly from: number
  readonly to: number
  readonly daysAfter: 0 | 1
  readonly isOn: ReturnType<typeof dayMatcher>
}

function partsOf(band: BandTerms): readonly BandPart[] {
  const isOn = dayMatcher(band)
  try {
    const [from, to] = [minuteOf(band.from), minuteOf(band.to)]
    if (from < to) return [{ from, to, daysAfter: 0, isOn }]
    return [
      { from, to: DAY_MINUTES, daysAfter: 0, isOn },
      { from: 0, to, daysAfter: 1, isOn },
    ].filter(part => part.from < part.to) as readonly BandPart[]
  } catch {
    return []
  }
}

/** Days of a leap year, so that February has all of its days. */
const DATES = Array.from({ length: 366 }, (_, day) =>
  new Date(Date.UTC(2028, 0, 1 + day)).toISOString().slice(5, 10),
)

/** Whatever weekday a date falls on: some year has it so. */
const doOverlap = (a: BandPart, b: BandPart): boolean =>
  a.from < b.to &&
  b.from < a.to &&
  DATES.some((_, day) =>
    [0, 1, 2, 3, 4, 5, 6].some(weekday => holdsOn(a, day, weekday) && holdsOn(b, day, weekday)),
  )

const holdsOn = ({ daysAfter, isOn }: BandPart, day: number, weekday: number): boolean =>
  isOn(DATES[(day - daysAfter + DATES.length) % DATES.length]!, (weekday - daysAfter + 7) % 7)
