import { Command, Option } from 'commander'
import type { DoctorAnswer, MeterFinding } from '../core/api/meter-findings.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { renderTable } from './table.ts'

interface DoctorOptions {
  readonly config?: string
  readonly format: string
}

/** `wattline doctor`: reads the meters of this machine once, without a running instance. Exits 1 if one cannot be read. */
export const doctorCommand = (): Command =>
  new Command('doctor')
    .description(
      'Show which meters of this machine can be read, which cannot, and the command that changes it; exit 1 if one cannot',
    )
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .addHelpText(
      'after',
      '\nRun it as the user that runs Wattline: it shows what that user may read. Controllers (BMCs) in the configuration are asked once.\n' +
        '\nExamples:\n  wattline doctor\n  wattline doctor --config wattline.yaml --format json',
    )
    .action(async (options: DoctorOptions) => {
      const { diagnoseMeters } = await import('../main.ts')
      const answer = await diagnoseMeters(loadConfig(options.config, process.env))
      process.stdout.write(renderDoctor(answer, options.format))
      if (answer.findings.some(({ state }) => state === 'cannot')) process.exitCode = 1
    })

const STATES: Readonly<Record<MeterFinding['state'], string>> = {
  reads: 'reads',
  cannot: 'CANNOT',
  left_out: 'left out',
  absent: 'absent',
}

/** Exported for its test. */
export function renderDoctor(answer: DoctorAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  const { findings, host, host_name: name } = answer
  const rows = findings.map(({ meter, state, detail }) => [meter, STATES[state], detail])
  const remedies = findings
    .filter(({ command }) => command !== '')
    .map(({ meter, command }) => `  ${meter}: ${command}\n`)
  const changes = remedies.length === 0 ? '' : `\nWhat changes that:\n${remedies.join('')}`
  return `Host ${name} (${host})\n\n${renderTable(['meter', 'state', 'what'], rows)}${changes}`
}
