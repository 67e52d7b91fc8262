import {
  HIGH,
  LOW,
  MINUTE_NS,
  NS,
  nanoOf,
  pushSample,
  type Samples,
  STRIDE,
  splitNano,
} from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** Flags of a series. */
const INTEGRATED = 1
const PENDING = 2
const AHEAD = 4
const LIVE = 8
const SET_BACK = 16

/** What times are written as distances from. */
interface WritingBase {
  readonly clockMs: number
  readonly minute: number
  readonly ns: number
}

/** Writes what changes of a series with every record: flags, beat, samples. */
export function writeNumbers(to: ByteWriter, series: Series, base: WritingBase): void {
  const { samples, integrated, pending, everySeconds, lagSeconds, heardMs, isLive, ahead, setBack } = series
  const waiting = (ahead.length > 0 ? AHEAD : 0) | (isLive ? LIVE : 0) | (setBack === null ? 0 : SET_BACK)
  to.byte((integrated ? INTEGRATED : 0) | (pending ? PENDING : 0) | waiting)
  to.uint(everySeconds)
  to.uint(lagSeconds)
  to.uint(base.clockMs - heardMs)
  writeSamples(to, samples, base)
  if (ahead.length > 0) writeSamples(to, ahead, base)
  if (setBack === null) return
  to.signed(setBack.minute - base.minute)
  to.uint(setBack.ns)
  to.uint(setBack.byNs)
}

/** Times are written as distances, and those as what they differ by: samples come at a beat, so that most are 0. */
function writeSamples(to: ByteWriter, samples: Samples, { minute, ns }: WritingBase): void {
  const count = samples.length / STRIDE
  to.uint(count)
  if (count === 0) return
  writeSpan(to, samples[0]! - minute, samples[NS]! - ns, 0)
  to.int64Parts(samples[HIGH]!, samples[LOW]!)
  let beat = 0
  for (let at = STRIDE; at < samples.length; at += STRIDE) {
    const before = at - STRIDE
    beat = writeSpan(to, samples[at]! - samples[before]!, samples[at + NS]! - samples[before + NS]!, beat)
    to.int64Parts(samples[at + HIGH]! - samples[before + HIGH]!, samples[at + LOW]! - samples[before + LOW]!)
  }
}

/** Beyond this distance, nanoseconds and their differences need more than 53 bits. */
const FAR_MINUTES = 20_000

/** A distance less the last one; returns it as the next one's last, 0 after one that is too large for a number. */
export function writeSpan(to: ByteWriter, minutes: number, ns: number, last: number): number {
  if (minutes < FAR_MINUTES && minutes > -FAR_MINUTES) {
    const span = minutes * MINUTE_NS + ns
    to.signed(span - last)
    return span
  }
  to.int(nanoOf(minutes, ns) - BigInt(last))
  return 0
}

/** Reads it back into the series. */
export function readNumbers(
  from: ByteReader,
  series: Series,
  { recordNano, clockMs }: Pick<HostState, 'recordNano' | 'clockMs'>,
): void {
  const flags = from.byte()
  series.integrated = (flags & INTEGRATED) !== 0
  series.pending = (flags & PENDING) !== 0
  series.isLive = (flags & LIVE) !== 0
  series.everySeconds = from.uint()
  series.lagSeconds = from.uint()
  series.heardMs = clockMs - from.uint()
  readSamples(from, series.samples, recordNano)
  if ((flags & AHEAD) !== 0) readSamples(from, series.ahead, recordNano)
  if ((flags & SET_BACK) !== 0) {
    const minute = splitNano(recordNano)[0] + Number(from.int())
    series.setBack = { minute, ns: from.uint(), byNs: from.uint() }
  }
}

function readSamples(from: ByteReader, samples: Samples, baseNano: bigint): void {
  let [time, value, beat] = [baseNano, 0n, 0n]
  const count = from.uint()
  for (let index = 0; index < count; index++) {
    const before = time
    time += from.int() + beat
    value += from.int()
    pushSample(samples, time, value)
    beat = index === 0 || isFar(samples) ? 0n : time - before
  }
}

function isFar(samples: Samples): boolean {
  const minutes = samples[samples.length - STRIDE]! - samples[samples.length - 2 * STRIDE]!
  return minutes >= FAR_MINUTES || minutes <= -FAR_MINUTES
}
