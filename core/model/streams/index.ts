import { alerts, deliveries, notifications, silences } from './alerts.ts'
import { factors } from './factors.ts'
import { intensityForecasts } from './forecasts.ts'
import { FORWARDED_STREAMS, forwarded } from './forwarded.ts'
import { hostClocks } from './host-clocks.ts'
import { billing } from './invoices.ts'
import { lateReadings } from './late-readings.ts'
import { energy, ledger } from './ledger.ts'
import { logs } from './logs.ts'
import { metricExpHistograms, metricHistograms, metricPoints, metricSummaries } from './metric-points.ts'
import {
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
} from './metrics-v1.ts'
import { quarantine } from './quarantine.ts'
import { readings } from './readings.ts'
import { requestEnergy, requestMinutes } from './request-energy.ts'
import { scalingAnswers, scalingDecisions, scalingPolicies } from './scaling.ts'
import type { StreamDeclaration } from './stream.ts'
import { traces } from './traces.ts'

/** Every stream. Topics, tables and the reference page are generated from this list. */
export const STREAMS: readonly StreamDeclaration[] = [
  ...FORWARDED_STREAMS,
  energy,
  ledger,
  lateReadings,
  hostClocks,
  requestEnergy,
  requestMinutes,
  factors,
  billing,
  alerts,
  notifications,
  deliveries,
  silences,
  intensityForecasts,
  scalingPolicies,
  scalingDecisions,
  scalingAnswers,
  quarantine,
  forwarded,
]

export {
  alerts,
  billing,
  deliveries,
  energy,
  factors,
  forwarded,
  hostClocks,
  intensityForecasts,
  lateReadings,
  ledger,
  logs,
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
  notifications,
  quarantine,
  readings,
  requestEnergy,
  requestMinutes,
  scalingAnswers,
  scalingDecisions,
  scalingPolicies,
  silences,
  traces,
}
