/** How energy is known, the best first: an amount is as good as the worst that went into it. */
const QUALITIES = ['measured', 'interpolated', 'estimated', 'simulated'] as const
/** How an amount of energy is known. */
export type Quality = (typeof QUALITIES)[number]

/** The same of readings: interpolated is only what the meter makes of them. */
const READING_QUALITIES = ['measured', 'estimated', 'simulated'] as const
/** What a reading says of itself. */
export type ReadingQuality = (typeof READING_QUALITIES)[number]

/** A reading's place among the qualities, 0 for the best; an unknown quality counts as measured. */
export const qualityRank = (quality: string): number => rankIn(READING_QUALITIES, quality)

/** The lowest quality of some; `measured` for none. */
export const worstQuality = (qualities: readonly string[]): Quality => worstIn(QUALITIES, qualities)

/** The same of readings. */
export const worstReadingQuality = (qualities: readonly string[]): ReadingQuality =>
  worstIn(READING_QUALITIES, qualities)

const rankIn = (ranking: readonly string[], quality: string): number => Math.max(0, ranking.indexOf(quality))

function worstIn<Some extends string>(ranking: readonly Some[], qualities: readonly string[]): Some {
  let worst = 0
  for (const quality of qualities) worst = Math.max(worst, rankIn(ranking, quality))
  return ranking[worst]!
}
