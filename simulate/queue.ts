import type { Lane } from './lanes.ts'

/** Lanes by the time of their next request: a binary heap. */
export class LaneQueue {
  readonly #lanes: Lane[] = []

  constructor(lanes: Iterable<Lane>) {
    for (const lane of lanes) this.push(lane)
  }

  push(lane: Lane): void {
    const lanes = this.#lanes
    let at = lanes.push(lane) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (lanes[parent]!.dueMs <= lanes[at]!.dueMs) return
      this.#swap(at, parent)
      at = parent
    }
  }

  /** The lane that is due first; undefined when there is none. */
  pop(): Lane | undefined {
    const lanes = this.#lanes
    const first = lanes[0]
    const last = lanes.pop()
    if (last === undefined || lanes.length === 0) return first
    lanes[0] = last
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < lanes.length && lanes[child]!.dueMs < lanes[least]!.dueMs) least = child
      }
      if (least === at) return first
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const lanes = this.#lanes
    const lane = lanes[a]!
    lanes[a] = lanes[b]!
    lanes[b] = lane
  }
}
