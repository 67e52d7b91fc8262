import { type ErrorDeclaration, entry } from './declaration.ts'

/** Configuration, start, and the command line. */
export const PROCESS_ERRORS = {
  config_invalid: entry(
    'stop',
    500,
    'Correct the configuration; `wattline check` lists all problems at once.',
  ),
  data_in_use: entry('stop', 500, 'Stop the other instance, or give this one another folder with `data:`.'),
  data_unusable: entry(
    'stop',
    500,
    'Check that the data folder is on a local disk and can be written; where a file in it is damaged, delete nothing and see docs/damage.md.',
  ),
  tables_missing: entry(
    'stop',
    503,
    'Mount the volume or restore a backup; `wattline losses` says how to start over with empty tables.',
  ),
  address_in_use: entry('stop', 500, 'Stop what listens there, or choose another port under `listen:`.'),
  worker_failed: entry(
    'stop',
    500,
    'See the log lines of that process; with 1 as `collector.processes` no others are started.',
  ),
  not_running: entry('retry', 503, 'Start it with `wattline run`, or name its address with --url.'),
  answer_unreadable: entry(
    'reject',
    502,
    'Check the address (--url, WATTLINE_URL): it must be that of a Wattline instance, of this version.',
  ),
  output_failed: entry('stop', 500, 'Free disk space, or write to another file.'),
  starting: entry('retry', 503, 'Wait until /readyz answers 200; until then it says what is waited for.'),
} as const satisfies Record<string, ErrorDeclaration>
