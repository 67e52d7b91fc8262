import type { Session } from 'chdb'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { engineCode, MISSING_COLUMN } from '../engine-errors.ts'
import { describeFile, insertFromFile, narrowedTo } from '../insert.ts'

/**
 * Inserts the record in `file`. A record that is older than the newest columns of the stream is stored with the columns
 * that it has: after an upgrade the log still holds such records.
 */
export async function insertRecord(
  session: Session,
  stream: StreamDeclaration,
  file: string,
  token: string,
): Promise<void> {
  try {
    await session.queryAsync(insertFromFile(stream, file, token))
  } catch (error) {
    if (engineCode(error) !== MISSING_COLUMN) throw error
    const described = await session.queryAsync(describeFile(file), { format: 'JSONEachRow' })
    const present = described.text().split('\n').filter(Boolean).map(columnName)
    const narrowed = narrowedTo(stream, new Set(present))
    if (narrowed === null) {
      throw new WattlineError('record_refused', `The record's columns are not those of ${stream.name}.`, {
        cause: error,
      })
    }
    await session.queryAsync(insertFromFile(narrowed, file, token))
  }
}

const columnName = (line: string): string => (JSON.parse(line) as { readonly name: string }).name
