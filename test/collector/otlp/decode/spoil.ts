/** Requests with typical errors of senders: invalid ids, distant times, too many attributes, too long texts. */
import type { Random } from './wire.ts'

const ODD_IDS = [0, 1, 7, 8, 9, 15, 16, 17, 40]
const ODD_TIMES = [0n, 1n, 1_500_000_000_000_000_000n, 1_749_999_999_999_999_999n, 1_760_000_000_000_000_000n]
const ODD_TIMES_64 = [...ODD_TIMES, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n].map(String)

/** A copy with about every tenth such field made invalid. */
export function spoiled(message: object, random: Random): object {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [name, spoiledField(name, value, random)]),
  )
}

function spoiledField(name: string, value: unknown, random: Random): unknown {
  const isHit = random(10) === 0
  if (Array.isArray(value)) {
    const copies = name.endsWith('attributes') && isHit ? 6 : 1
    return Array.from({ length: copies }, () => value)
      .flat()
      .map(item => spoiledField('', item, random))
  }
  if (value instanceof Uint8Array) {
    return name.endsWith('_id') && isHit
      ? new Uint8Array(ODD_IDS[random(ODD_IDS.length)]!).fill(random(2))
      : value
  }
  if (typeof value === 'object' && value !== null) return spoiled(value, random)
  if (!isHit) return value
  if (name.endsWith('time_unix_nano')) return ODD_TIMES_64[random(ODD_TIMES_64.length)]
  return typeof value === 'string' && /^(key|string_value|name)$/.test(name)
    ? `${value}${'aé€😀'.repeat(random(9))}`
    : value
}
