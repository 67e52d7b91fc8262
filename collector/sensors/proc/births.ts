/**
 * Which counters came up since the last round. Pure state. Taking an old counter for a new one would give somebody all
 * that it ever counted, so two things must hold: its life was never seen, not only not in the last round (a folder may
 * fail to list once), and it counts no more than all CPUs could have worked since.
 */

/** Tells counters that are new from counters that were missed. */
export interface Births {
  /** Starts a round; `possibleUs`: time since the last one times CPUs, undefined in the first one. */
  begin(possibleUs: bigint | undefined): void
  /** Whether this life (a control group's own number) came up since the last round with at most `cpuUs`. */
  isNew(life: string, cpuUs: bigint): boolean
  /** Remembers a life that is there but not counted by itself. */
  see(life: string): void
}

/** Lives remembered at most: days of a busy node. */
const MAX_LIVES = 65_536

/** Remembers up to `maxLives` lives; beyond it all are forgotten and taken for old once. */
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
      // Starting over is like the first round: everything is taken for old once.
      lives.clear()
      possible = undefined
    },
    isNew: (life, cpuUs) => see(life) && possible !== undefined && cpuUs <= possible,
    see,
  }
}
