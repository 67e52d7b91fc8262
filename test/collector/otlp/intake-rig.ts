/**
 * What is behind a receiver, for tests of receivers: the real intake and decoders, before a log under the test's
 * control.
 */
import { createIntake, type Intake, type IntakeOptions } from '../../../collector/intake/intake.ts'
import { type Config, configSchema } from '../../../core/catalogue/config/schema.ts'
import { decoders, FakeBroker, RecordedEvents, recogniser } from '../intake/fakes.ts'

export interface IntakeRig {
  readonly broker: FakeBroker
  readonly events: RecordedEvents
  readonly config: Config
  readonly intake: Intake
}

export function intakeRig(
  settings: Record<string, unknown> = {},
  neighbours: Pick<IntakeOptions, 'memory' | 'clock'> = {},
): IntakeRig {
  const broker = new FakeBroker()
  const events = new RecordedEvents()
  // Short waits: these tests check answers, not when batches close.
  const config = configSchema.parse({ group_commit: { wait_ms: 5, thin_wait_ms: 5 }, ...settings })
  const intake = createIntake({ broker, config, events, decoders, recogniser, ...neighbours })
  return { broker, events, config, intake }
}
