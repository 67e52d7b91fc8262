/** How an amount of energy was determined, best first: an amount is as good as its worst part. */
const QUALITIES = ['measured', 'interpolated', 'estimated', 'simulated'] as const
/** How an amount of energy was determined. */
export type Quality = (typeof QUALITIES)[number]

/** The same for readings: only the meter makes interpolated amounts. */
const READING_QUALITIES = ['measured', 'estimated', 'simulated'] as const
/** The quality of a reading, as stated by its source. */
export type ReadingQuality = (typeof READING_QUALITIES)[number]

/** A reading's rank among the qualities, 0 for the best; an unknown quality counts as measured. */
export const qualityRank = (quality: string): number => rankIn(READING_QUALITIES, quality)

/** The lowest of the qualities; `measured` if there are none. */
export const worstQuality = (qualities: readonly string[]): Quality => worstIn(QUALITIES, qualities)

/** The same for readings. */
export const worstReadingQuality = (qualities: readonly string[]): ReadingQuality =>
  worstIn(READING_QUALITIES, qualities)

const rankIn = (ranking: readonly string[], quality: string): number => Math.max(0, ranking.indexOf(quality))

function worstIn<Some extends string>(ranking: readonly Some[], qualities: readonly string[]): Some {
  let worst = 0
  for (const quality of qualities) worst = Math.max(worst, rankIn(ranking, quality))
  return ranking[worst]!
}
