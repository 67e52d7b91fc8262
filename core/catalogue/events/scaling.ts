import { counter, type EventDeclaration } from './declaration.ts'

/** Answers to autoscalers. */
export const AUTOSCALER_EVENTS = {
  autoscalerAnswered: {
    level: 'debug',
    counter: counter(
      'wattline_autoscaler_answers_total',
      'Values that autoscalers got: keda, metrics_api, external, custom',
      'door',
    ),
  },
  autoscalerRefused: {
    level: 'debug',
    counter: counter(
      'wattline_autoscaler_refused_total',
      'Requests of autoscalers without a value: scaling_stale, unknown policies, callers that are not let in',
      'door',
      'code',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
