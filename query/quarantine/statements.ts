/**
 * The quarantine as SQL. Several processors may quarantine one record, which gives a row for each; rows without a
 * processor record replays.
 */
import { REPLAY_CODES } from '../../core/model/streams/quarantine.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'

/** Position of a record in the log. */
export interface RecordPlace {
  readonly stream: string
  readonly partition: number
  readonly offset: bigint
}

const ASIDE = `Code NOT IN (${REPLAY_CODES.map(code => `'${code}'`).join(', ')})`
/** Size of base64 data, without decoding it. */
const BYTES = "intDiv(length(Record) * 3, 4) - endsWith(Record, '=') - endsWith(Record, '==')"

/** One row per quarantined record. */
export function listStatement(stream: string | undefined, limit: number): ParameterizedSql {
  return {
    text:
      'SELECT Stream AS stream, Partition AS partition, toString(Offset) AS place_offset, ' +
      `toString(toUnixTimestamp64Milli(minIf(Time, ${ASIDE}))) AS made_ms, ` +
      `arraySort(groupUniqArrayIf(toString(Processor), ${ASIDE})) AS processors, ` +
      `argMinIf(Code, Processor, ${ASIDE}) AS code, argMinIf(Error, Processor, ${ASIDE}) AS error, ` +
      `toString(maxIf(${BYTES}, ${ASIDE})) AS bytes, ` +
      "toString(countIf(Code = 'replaying')) AS begun, toString(countIf(Code = 'replayed')) AS done, " +
      "argMaxIf(Error, Time, Code = 'replayed') AS replay_place " +
      `FROM ${tableName('quarantine')} ` +
      `${stream === undefined ? '' : 'WHERE Stream = {stream:String} '}` +
      `GROUP BY Stream, Partition, Offset HAVING countIf(${ASIDE}) > 0 ` +
      'ORDER BY toInt64(made_ms) DESC, stream, partition, Offset DESC LIMIT {limit:UInt32}',
    params: { limit, ...(stream === undefined ? {} : { stream }) },
  }
}

/** Every row of one position. */
export function placeStatement({ stream, partition, offset }: RecordPlace): ParameterizedSql {
  return {
    text:
      'SELECT Processor AS processor, Code AS code, Error AS error, Headers AS headers, Record AS record, Key AS key, ' +
      `toString(toUnixTimestamp64Milli(Time)) AS time_ms FROM ${tableName('quarantine')} ` +
      'WHERE Stream = {stream:String} AND Partition = {partition:UInt32} AND Offset = {offset:Int64} ' +
      'ORDER BY Processor, Time',
    params: { stream, partition, offset },
  }
}
