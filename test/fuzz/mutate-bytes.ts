/** Changes without knowledge of what the bytes mean. */
import type { Dice } from './dice.ts'

const SPECIAL = [0, 1, 0x0a, 0x12, 0x1a, 0x22, 0x7b, 0x7d, 0x7f, 0x80, 0xff]

/** The bytes with `changes` of them, or of ranges of them, changed; `donor`: source of foreign pieces. */
export function mutateBytes(
  bytes: Uint8Array,
  donor: Uint8Array,
  changes: number,
  dice: Dice,
): Uint8Array<ArrayBuffer> {
  let changed = new Uint8Array(bytes)
  for (let change = 0; change < changes && changed.length > 0; change += 1)
    changed = changedOnce(changed, donor, dice)
  return changed
}

function changedOnce(bytes: Uint8Array<ArrayBuffer>, donor: Uint8Array, dice: Dice): Uint8Array<ArrayBuffer> {
  const at = dice.below(bytes.length)
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2:
      bytes[at]! ^= 1 << dice.below(8)
      return bytes
    case 3:
      bytes[at] = dice.pick(SPECIAL)
      return bytes
    case 4:
      bytes[at]! += dice.pick([1, -1, 2, -2])
      return bytes
    case 5:
      return bytes.subarray(0, at)
    case 6:
      return joined(bytes.subarray(0, at), dice.bytes(new Uint8Array(1 + dice.below(6))), bytes.subarray(at))
    case 7:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(12)))
    case 8: {
      const from = dice.below(bytes.length)
      return joined(
        bytes.subarray(0, at),
        bytes.subarray(from, from + 1 + dice.below(60)),
        bytes.subarray(at),
      )
    }
    default: {
      const from = dice.below(donor.length)
      return joined(
        bytes.subarray(0, at),
        donor.subarray(from, from + 1 + dice.below(60)),
        bytes.subarray(at),
      )
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
