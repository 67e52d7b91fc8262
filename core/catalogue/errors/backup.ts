import { type ErrorDeclaration, entry } from './declaration.ts'

/** Backup, restore, export and import. */
export const BACKUP_ERRORS = {
  snapshot_busy: entry(
    'retry',
    409,
    'Let the running backup end; the snapshot of one that was broken off is given up after 15 seconds.',
  ),
  snapshot_gone: entry('retry', 404, 'Run `wattline backup` again: it copies only what is still missing.'),
  backup_refused: entry('reject', 409, 'docs/operators.md says what can be backed up how.'),
  backup_unusable: entry(
    'reject',
    422,
    'Run `wattline backup` again, or restore another backup: with --list it shows those that are complete.',
  ),
  place_unavailable: entry(
    'retry',
    503,
    'Check endpoint, bucket and keys (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION); then run it again.',
  ),
  import_differs: entry(
    'reject',
    409,
    'Rows were there twice or are missing, or others wrote meanwhile: stop them, and import into empty tables.',
  ),
  restore_refused: entry(
    'reject',
    409,
    'Restore into an empty data folder; move the one that is there out of the way rather than delete it.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
