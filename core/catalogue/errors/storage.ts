import { type ErrorDeclaration, entry } from './declaration.ts'

/** The log and the tables. */
export const STORAGE_ERRORS = {
  broker_unavailable: entry(
    'retry',
    503,
    'No acknowledged data is lost. Requests succeed again once the log is writable.',
  ),
  disk_full: entry(
    'retry',
    503,
    'Free disk space on the volume of the data folder. Intake resumes by itself.',
  ),
  record_corrupt: entry(
    'quarantine',
    500,
    'The log line `recordQuarantined` names the record. Table `quarantine` keeps all of it.',
  ),
  warehouse_unavailable: entry(
    'retry',
    503,
    'No data is lost: it waits in the log. See the log lines for the error of the engine.',
  ),
  record_refused: entry(
    'quarantine',
    500,
    'The warehouse will never accept this record. Table `quarantine` keeps it with the error.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
