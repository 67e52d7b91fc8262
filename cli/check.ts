import { Command } from 'commander'
import { loadConfig } from '../core/runtime/config/load.ts'
import { withRoles } from './roles.ts'

export const checkCommand = (): Command =>
  new Command('check')
    .description('Validate the configuration: all problems at once, exit 1 on any')
    .option('--config <file>', 'configuration file (default: wattline.yaml when it is there)')
    .option('--roles <roles>', 'check it for a process with these roles')
    .option('--print', 'print the whole configuration as it would be used')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline check --config wattline.yaml\n  WATTLINE_LISTEN_HTTP=0 wattline check --print',
    )
    .action((options: { config?: string; roles?: string; print?: boolean }) => {
      const config = loadConfig(options.config, withRoles(process.env, options.roles))
      process.stdout.write(
        options.print === true ? `${JSON.stringify(config, null, 2)}\n` : 'The configuration is good.\n',
      )
    })
