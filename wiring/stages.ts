/** Everything that takes long to load, and that a process needs only once it listens. */
export { startFactors, startIntake, startReceivers, startSources } from './collector.ts'
export { startExports } from './exports.ts'
export { startJaeger } from './jaeger.ts'
export { startLateLog, startLog, startSnapshots, startWarehouse } from './neighbours.ts'
export {
  startErasures,
  startFactorFiles,
  startRecomputations,
  startRunner,
  startUplink,
} from './processors.ts'
export { fairnessOf, readinessOf, startHttp } from './query.ts'
export { startOwnTelemetry } from './telemetry.ts'
