import { type ErrorDeclaration, entry } from './declaration.ts'

/** The log and the tables. */
export const STORAGE_ERRORS = {
  broker_unavailable: entry(
    'retry',
    503,
    'Nothing was lost; it recovers by itself when the log can be written again.',
  ),
  disk_full: entry(
    'retry',
    503,
    'Free disk space on the volume of the data folder; intake goes on by itself.',
  ),
  record_corrupt: entry(
    'quarantine',
    500,
    'The log line `recordQuarantined` names the record; table `quarantine` keeps it whole.',
  ),
  warehouse_unavailable: entry('retry', 503, 'Data waits in the log; see the engine error in the log lines.'),
  record_refused: entry(
    'quarantine',
    500,
    'The warehouse refuses this record whatever happens; table `quarantine` keeps it with the error.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
