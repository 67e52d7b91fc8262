import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { ACCEPT_FILE, extentText, type Loss, readLosses } from '../core/runtime/losses.ts'

/**
 * `wattline losses`. Reads the data folder itself, so it also works while no process runs; `--accept` writes a file
 * there.
 */
export const lossesCommand = (): Command =>
  new Command('losses')
    .description(
      'Show data losses from restored, lost or damaged files of the data folder; reads the folder, not a server',
    )
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .option('--accept', 'accept these losses: a running instance becomes ready, and the next start continues')
    .addHelpText(
      'after',
      '\ndocs/damage.md says what each finding means and what can be done before it is accepted.\n' +
        '\nExamples:\n  wattline losses\n  wattline losses --format json\n  wattline losses --accept --config wattline.yaml',
    )
    .action((options: { config?: string; format: string; accept?: boolean }) => {
      const { data } = loadConfig(options.config, process.env)
      if (!existsSync(data)) {
        throw new WattlineError('data_unusable', `There is no data folder ${data} on this machine.`)
      }
      const losses = readLosses(data)
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify(losses, null, 2)}\n` : lossesText(losses),
      )
      if (options.accept !== true) return
      writeFileSync(join(data, ACCEPT_FILE), '')
      process.stderr.write(
        'Accepted. A running instance applies it within seconds, otherwise the next start does.\n',
      )
    })

/** Exported for its test. */
export function lossesText(losses: readonly Loss[]): string {
  if (losses.length === 0) return 'Nothing is missing.\n'
  return losses
    .map(({ found, state, what, remedy, extent, accepted }) =>
      [
        `${found} ${state}${accepted === null ? '' : `, accepted ${accepted}`}`,
        `  ${what}`,
        ...extent.map(one => `  - ${extentText(one)}`),
        ...(accepted === null ? [`  ${remedy}`] : []),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n')
}
