/** Number of workload colours that the style sheet defines as `--c0` and up. */
export const PALETTE_SIZE = 12

/**
 * Colour of each workload as an index into the palette. A workload prefers the colour of its name's hash, so it has the
 * same one on every page and after a reload. If that is taken, it gets the next free one and keeps it as long as it is
 * shown.
 */
export function assignColours(
  before: ReadonlyMap<string, number>,
  keys: readonly string[],
): ReadonlyMap<string, number> {
  const assigned = new Map<string, number>()
  const used = new Array<number>(PALETTE_SIZE).fill(0)
  const claim = (key: string, colour: number): void => {
    assigned.set(key, colour)
    used[colour]!++
  }
  for (const key of keys) {
    const kept = before.get(key)
    if (kept !== undefined) claim(key, kept)
  }
  for (const key of keys) {
    if (assigned.has(key)) continue
    const least = Math.min(...used)
    let colour = hash(key) % PALETTE_SIZE
    while (used[colour]! > least) colour = (colour + 1) % PALETTE_SIZE
    claim(key, colour)
  }
  return assigned
}

/** Style variable of a series: a workload without its own colour is one of the others. */
export function colourOf(share: string, key: string, colours: ReadonlyMap<string, number>): string {
  if (share === 'idle' || share === 'unattributed') return `--${share}`
  const colour = colours.get(key)
  return colour === undefined ? '--rest' : `--c${colour}`
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}
