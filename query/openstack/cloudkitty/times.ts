/** Times as CloudKitty writes them: ISO 8601 with the offset of UTC. */
import { measureTime } from '../shared/times.ts'

/** Of unix seconds. */
export const isoOffset = (seconds: number): string => measureTime(seconds * 1000)
