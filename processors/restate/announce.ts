/** Who rates entries, and how they hear of a revision: in the streams of what they rate. */
import type { Broker } from '../../core/broker/broker.ts'
import { energy, lateReadings } from '../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { factorsRevised } from '../loop/factors-revised.ts'
import type { Step } from '../loop/step.ts'
import { RATE } from '../rate/processor.ts'
import { RECOMPUTE } from '../recompute/processor.ts'

/** Groups that rate entries, and what they rate. */
export type Raters = readonly (readonly [group: string, stream: StreamDeclaration])[]

/** Who appends entries to the ledger by the factors in force. */
export const RATERS: Raters = [
  [RATE, energy],
  [RECOMPUTE, lateReadings],
]

/** To every partition of what is rated; it becomes visible with the offset behind what the step has read. */
export function announce(
  step: Step,
  raters: Raters,
  broker: Pick<Broker, 'partitions'>,
  nowMs: number,
): void {
  for (const [, stream] of raters) {
    const record = factorsRevised(stream, nowMs)
    for (let partition = 0; partition < broker.partitions(stream.name); partition += 1) {
      step.emit(stream.name, partition, record)
    }
  }
}
