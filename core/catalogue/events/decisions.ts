import { counter, type EventDeclaration } from './declaration.ts'

/** Decisions, and answers for autoscalers. */
export const SCALING_EVENTS = {
  scalingDecided: {
    level: 'debug',
    counter: counter(
      'wattline_scaling_decisions_total',
      'Decisions of scaling policies, by what set the number',
      'tenant',
      'policy',
      'rule',
    ),
  },
  scalingInputFailed: {
    level: 'warn',
    counter: counter(
      'wattline_scaling_input_failures_total',
      'Times that a demand, service level or power of a policy could not be read; the last known value is used',
      'tenant',
      'policy',
      'input',
    ),
  },
  scalingEffectsDropped: {
    level: 'warn',
    counter: counter(
      'wattline_scaling_effects_dropped_total',
      'Decisions whose effect is not measured because the ledger did not get their minutes in time',
      'tenant',
      'policy',
    ),
  },
  scalingSourceAway: {
    level: 'warn',
    counter: counter(
      'wattline_scaling_source_away_total',
      'Times that decisions could not be read any more; answers stay as they were and become stale',
    ),
  },
  scalingAnswersUnreadable: { level: 'warn' },
  scalingAnswersNotKept: {
    level: 'warn',
    counter: counter(
      'wattline_scaling_answers_not_kept_total',
      'Times that the file of the last answers could not be written',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
