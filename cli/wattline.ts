import { Command, CommanderError } from 'commander'
import { asWattlineError } from '../core/catalogue/errors/errors.ts'
import { endProcess } from '../core/runtime/end-process.ts'
import { isServer, outliveOutput } from './output.ts'
import { version } from './version.ts'

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

/** Loaded when they are asked for: some need a log or an engine, and no process needs all of them. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  top: async () => (await import('./top.ts')).topCommand(),
  usage: async () => (await import('./usage.ts')).usageCommand(),
  requests: async () => (await import('./requests.ts')).requestsCommand(),
  when: async () => (await import('./when.ts')).whenCommand(),
  sql: async () => (await import('./sql.ts')).sqlCommand(),
  invoice: async () => (await import('./invoice.ts')).invoiceCommand(),
  hosts: async () => (await import('./hosts.ts')).hostsCommand(),
  workloads: async () => (await import('./hosts.ts')).workloadsCommand(),
  lag: async () => (await import('./lag.ts')).lagCommand(),
  quarantine: async () => (await import('./quarantine.ts')).quarantineCommand(),
  losses: async () => (await import('./losses.ts')).lossesCommand(),
  factors: async () => (await import('./factors.ts')).factorsCommand(),
  rules: async () => (await import('./rules.ts')).rulesCommand(),
  scaling: async () => (await import('./scaling.ts')).scalingCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  token: async () => (await import('./token.ts')).tokenCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  restore: async () => (await import('./restore.ts')).restoreCommand(),
  erase: async () => (await import('./erase.ts')).eraseCommand(),
  recompute: async () => (await import('./recompute.ts')).recomputeCommand(),
  export: async () => (await import('./export.ts')).exportCommand(),
  exports: async () => (await import('./exports.ts')).exportsCommand(),
  import: async () => (await import('./import.ts')).importCommand(),
}
const [, , wanted = ''] = process.argv
const chosen = Object.hasOwn(COMMANDS, wanted) ? [COMMANDS[wanted]] : Object.values(COMMANDS)
for (const load of chosen) {
  if (load !== undefined) program.addCommand((await load()).exitOverride())
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
