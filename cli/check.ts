import { Command } from 'commander'
import { loadConfig } from '../core/runtime/config/load.ts'

export const checkCommand = (): Command =>
  new Command('check')
    .description('Validate the configuration: all problems at once, exit 1 on any')
    .option('--config <file>', 'configuration file (default: wattline.yaml when it is there)')
    .option('--print', 'print the whole configuration as it would be used')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline check --config wattline.yaml\n  WATTLINE_LISTEN_HTTP=0 wattline check --print',
    )
    .action((options: { config?: string; print?: boolean }) => {
      const config = loadConfig(options.config, process.env)
      process.stdout.write(
        options.print === true ? `${JSON.stringify(config, null, 2)}\n` : 'The configuration is good.\n',
      )
    })
