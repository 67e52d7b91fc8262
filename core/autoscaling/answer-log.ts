/** Answers in the log, one for each policy, and how a process follows them. */
import type { Broker, NewRecord, StoredRecord } from '../broker/broker.ts'
import { RECORD_CORRUPT } from '../broker/broker.ts'
import { decodeRows, encodeRows } from '../columns/rows.ts'
import { scalingAnswers } from '../model/streams/scaling.ts'
import type { ScalingAnswer } from '../scaling/answer.ts'
import { type AnswerEntry, answerKey, type TenantPolicy } from './answer-key.ts'

/** The record of an answer; null: its policy is gone. */
export function answerRecord(
  place: TenantPolicy,
  answer: ScalingAnswer | null,
  nowMs: number,
): Required<NewRecord> {
  const row =
    answer === null
      ? { Tenant: '', Policy: '', State: 'deleted', Answer: '' }
      : {
          Tenant: answer.tenant,
          Policy: answer.name,
          State: 'active',
          Answer: JSON.stringify(answer),
        }
  return {
    key: answerKey(place),
    value: encodeRows(scalingAnswers, [row]),
    headers: {},
    timestampMs: nowMs,
  }
}

/** Null: the log cannot read it back. */
function entryOf(key: string, { value, headers }: StoredRecord): AnswerEntry | null {
  if (headers[RECORD_CORRUPT] !== undefined) return null
  const [row] = decodeRows(scalingAnswers, value)
  if (row === undefined) return null
  return { key, answer: row.State === 'active' ? (JSON.parse(row.Answer) as ScalingAnswer) : null }
}

/** Reads what is new in the log since it was read last. */
export class AnswerFollower {
  readonly #log: Pick<Broker, 'newest' | 'lag'>
  #end = 0n

  constructor(log: Pick<Broker, 'newest' | 'lag'>) {
    this.#log = log
  }

  /** Rejects as the log does. */
  async read(): Promise<readonly AnswerEntry[]> {
    const [lag] = await this.#log.lag(SCALE_GROUP, scalingAnswers.name)
    if (lag === undefined || lag.end === this.#end) return []
    // A log that ends earlier than before is another one.
    const since = lag.end < this.#end ? 0n : this.#end
    const records = await this.#log.newest(scalingAnswers.name, { since })
    // Records that were appended meanwhile are read again.
    this.#end = lag.end
    return [...records].flatMap(([key, record]) => entryOf(key, record) ?? [])
  }
}

/** The group of the processor that decides. Any group's lag shows where the stream ends. */
const SCALE_GROUP = 'scale'
