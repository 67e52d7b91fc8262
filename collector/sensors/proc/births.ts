/**
 * Detects counters that appeared since the last round. Pure state. Mistaking an old counter for a new one would
 * attribute its whole count to one round. So two conditions must hold: it was never seen before, not merely absent in
 * the last round (listing a folder may fail once), and its value is no more than all CPUs could have worked since.
 */

/** Distinguishes new counters from missed ones. */
export interface Births {
  /** Starts a round; `possibleUs`: time since the last round times CPUs, undefined in the first round. */
  begin(possibleUs: bigint | undefined): void
  /** Whether this life (a control group's own number) appeared since the last round with at most `cpuUs`. */
  isNew(life: string, cpuUs: bigint): boolean
  /** Remembers a life that exists but is not counted by itself. */
  see(life: string): void
}

/** Maximum number of remembered lives: several days on a busy node. */
const MAX_LIVES = 65_536

/** Remembers up to `maxLives` lives; beyond that, all are forgotten and once treated as old. */
export function births(maxLives = MAX_LIVES): Births {
  const lives = new Set<string>()
  let possible: bigint | undefined
  const see = (life: string): boolean => {
    if (life === '' || lives.has(life)) return false
    lives.add(life)
    return true
  }
  return {
    begin(possibleUs) {
      possible = possibleUs
      if (lives.size <= maxLives) return
      // Starting over is like the first round: everything is treated as old.
      lives.clear()
      possible = undefined
    },
    isNew: (life, cpuUs) => see(life) && possible !== undefined && cpuUs <= possible,
    see,
  }
}
