import { type ErrorDeclaration, entry } from './declaration.ts'

/** Backup, restore, export and import, and exports as Parquet. */
export const BACKUP_ERRORS = {
  snapshot_busy: entry(
    'retry',
    409,
    'Wait until the running backup has ended. The snapshot of an interrupted backup is dropped after 15 seconds.',
  ),
  snapshot_gone: entry(
    'retry',
    404,
    'Run `wattline backup` again. It copies only the files that are still missing.',
  ),
  backup_refused: entry(
    'reject',
    409,
    'See docs/operators.md for the kinds of backup and what each one covers.',
  ),
  backup_unusable: entry(
    'reject',
    422,
    'Run `wattline backup` again, or restore another backup. With --list it shows the complete ones.',
  ),
  place_unavailable: entry(
    'retry',
    503,
    'Check the endpoint, the bucket and the keys (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION), then run the command again.',
  ),
  exports_refused: entry(
    'reject',
    409,
    'Give each instance, and each value of `exports.period`, its own folder in `exports.to`. See docs/exports.md.',
  ),
  import_differs: entry(
    'reject',
    409,
    'Rows are missing or duplicated, or another process wrote during the import. Stop all writers and import into empty tables.',
  ),
  restore_refused: entry(
    'reject',
    409,
    'Restore into an empty data folder. Move the existing folder away instead of deleting it.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
