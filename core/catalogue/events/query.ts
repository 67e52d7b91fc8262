import { counter, type EventDeclaration } from './declaration.ts'

/** Queries and their answers. */
export const QUERY_EVENTS = {
  answerCut: {
    level: 'info',
    counter: counter(
      'wattline_answers_cut_total',
      'Answers that were cut off: stalled and too_slow clients, tokens that were revoked or have expired',
      'reason',
    ),
  },
  sqlRefused: {
    level: 'info',
    counter: counter('wattline_sql_refused_total', 'Statements the allow-list refused', 'reason'),
  },
} as const satisfies Record<string, EventDeclaration>
