import { type ErrorDeclaration, entry } from './declaration.ts'

/** Configuration, start, and the command line. */
export const PROCESS_ERRORS = {
  config_invalid: entry(
    'stop',
    500,
    'Correct the configuration. `wattline check` lists all problems at once.',
  ),
  data_in_use: entry('stop', 500, 'Stop the other instance, or set `data` to another folder.'),
  data_unusable: entry(
    'stop',
    500,
    'Check that the data folder is on a local disk and is writable. If a file in it is damaged, delete nothing and see docs/damage.md.',
  ),
  tables_missing: entry(
    'stop',
    503,
    'Mount the volume or restore a backup. `wattline losses` explains how to start with empty tables.',
  ),
  address_in_use: entry(
    'stop',
    500,
    'Stop the process that uses the port, or choose another port under `listen`.',
  ),
  worker_failed: entry(
    'stop',
    500,
    'See the log lines of that process. With `collector.processes` set to 1 no worker processes are started.',
  ),
  not_running: entry('retry', 503, 'Start Wattline with `wattline run`, or pass its address with --url.'),
  answer_unreadable: entry(
    'reject',
    502,
    'Check the address (--url, WATTLINE_URL). It must point to a Wattline instance of this version.',
  ),
  output_failed: entry('stop', 500, 'Free disk space, or write to another file.'),
  starting: entry(
    'retry',
    503,
    'Wait until /readyz answers 200. Until then it reports what the start is waiting for.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
