import { Command, CommanderError } from 'commander'
import { asWattlineError } from '../core/catalogue/errors/errors.ts'
import { endProcess } from '../core/runtime/end-process.ts'
import { backupCommand } from './backup.ts'
import { checkCommand } from './check.ts'
import { doctorCommand } from './doctor.ts'
import { eraseCommand } from './erase.ts'
import { exportCommand } from './export.ts'
import { exportsCommand } from './exports.ts'
import { factorsCommand } from './factors.ts'
import { hostsCommand, workloadsCommand } from './hosts.ts'
import { importCommand } from './import.ts'
import { invoiceCommand } from './invoice.ts'
import { lagCommand } from './lag.ts'
import { lossesCommand } from './losses.ts'
import { isServer, outliveOutput } from './output.ts'
import { quarantineCommand } from './quarantine.ts'
import { recomputeCommand } from './recompute.ts'
import { requestsCommand } from './requests.ts'
import { restoreCommand } from './restore.ts'
import { rulesCommand } from './rules.ts'
import { runCommand } from './run.ts'
import { scalingCommand } from './scaling.ts'
import { simulateCommand } from './simulate.ts'
import { sqlCommand } from './sql.ts'
import { tokenCommand } from './token.ts'
import { topCommand } from './top.ts'
import { usageCommand } from './usage.ts'
import { version } from './version.ts'
import { whenCommand } from './when.ts'

/** Exit codes: 0 success, 1 failure or a negative answer, 2 wrong usage. */
const program = new Command('wattline')
  .description('Telemetry pipeline whose energy, carbon and cost add up: from meter to bill.')
  .version(version)
  .enablePositionalOptions()
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Examples:
  wattline run                                   measure this machine, take OTLP on port 4318, page on 9288
  wattline doctor                                which meters can be read here, and what would change that
  wattline usage --window 5m                     who used what in the last five minutes
  wattline top                                   live watts by workload
  wattline sql "SELECT count() FROM otel_traces"
  wattline invoice --account shop --period 2026-11
  wattline when --duration 2h --deadline 12h     the greenest or cheapest time for a job
  wattline lag                                   how far the processors are behind
  wattline quarantine list                       records that no processor could take
  wattline factors put intensities.csv           grid intensities and prices from a file
  wattline rules test rules_test.yaml            try alert rules
  wattline scaling explain checkout              why a scaling policy wants this number
  wattline losses                                what damaged or lost files have cost
  wattline simulate --hosts 20 --workloads 30 --verify
  wattline token --tenant shop --scopes ingest   a token for a sender
  wattline backup /mnt/backups/wattline          log and tables, while the process runs
  wattline restore /mnt/backups/wattline         into an empty data folder
  wattline erase --tenant shop                   delete what is stored of a tenant
  wattline exports                               how far exports as Parquet are
  wattline export /mnt/move                      tables to files, for a ClickHouse server`,
  )

const commands = [
  runCommand(),
  checkCommand(),
  doctorCommand(),
  topCommand(),
  usageCommand(),
  requestsCommand(),
  whenCommand(),
  sqlCommand(),
  invoiceCommand(),
  hostsCommand(),
  workloadsCommand(),
  lagCommand(),
  quarantineCommand(),
  lossesCommand(),
  factorsCommand(),
  rulesCommand(),
  scalingCommand(),
  simulateCommand(),
  tokenCommand(),
  backupCommand(),
  restoreCommand(),
  eraseCommand(),
  recomputeCommand(),
  exportCommand(),
  exportsCommand(),
  importCommand(),
]
for (const command of commands) {
  program.addCommand(command.exitOverride())
}

outliveOutput()
try {
  await program.parseAsync(process.argv)
} catch (error) {
  // Exits explicitly: a part that could not be stopped must not keep the process alive.
  const code = report(error)
  if (isServer()) endProcess(code)
  process.exit(code)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const known = asWattlineError(error, 'invariant_broken')
  process.stderr.write(`${known}\n`)
  // A defect of Wattline: a report needs the place where it happened.
  if (known.code === 'invariant_broken' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return 1
}
