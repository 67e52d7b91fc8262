/**
 * The parts of a process, loaded when they are started: what a process does not need costs it nothing, and a role that answers
 * autoscalers alone answers at once.
 */
import type * as Collector from './collector.ts'
import type * as Exports from './exports.ts'
import type * as Jaeger from './jaeger.ts'
import type * as Neighbours from './neighbours.ts'
import type * as Processors from './processors.ts'
import type * as Telemetry from './telemetry.ts'

const collector = () => import('./collector.ts')
const neighbours = () => import('./neighbours.ts')
const processors = () => import('./processors.ts')

export const startIntake: typeof Collector.startIntake = async (...of) =>
  (await collector()).startIntake(...of)
export const startReceivers: typeof Collector.startReceivers = async (...of) =>
  (await collector()).startReceivers(...of)
export const startSources: typeof Collector.startSources = async (...of) =>
  (await collector()).startSources(...of)
export const startFactors: typeof Collector.startFactors = async (...of) =>
  (await collector()).startFactors(...of)
export const startLog: typeof Neighbours.startLog = async (...of) => (await neighbours()).startLog(...of)
export const startLateLog: typeof Neighbours.startLateLog = async (...of) =>
  (await neighbours()).startLateLog(...of)
export const startWarehouse: typeof Neighbours.startWarehouse = async (...of) =>
  (await neighbours()).startWarehouse(...of)
export const startSnapshots: typeof Neighbours.startSnapshots = async (...of) =>
  (await neighbours()).startSnapshots(...of)
export const startFactorFiles: typeof Processors.startFactorFiles = async (...of) =>
  (await processors()).startFactorFiles(...of)
export const startRecomputations: typeof Processors.startRecomputations = async (...of) =>
  (await processors()).startRecomputations(...of)
export const startRunner: typeof Processors.startRunner = async (...of) =>
  (await processors()).startRunner(...of)
export const startErasures: typeof Processors.startErasures = async (...of) =>
  (await processors()).startErasures(...of)
export const startUplink: typeof Processors.startUplink = async (...of) =>
  (await processors()).startUplink(...of)
export const startOwnTelemetry: typeof Telemetry.startOwnTelemetry = async (...of) =>
  (await import('./telemetry.ts')).startOwnTelemetry(...of)
export const startExports: typeof Exports.startExports = async (...of) =>
  (await import('./exports.ts')).startExports(...of)
export const startJaeger: typeof Jaeger.startJaeger = async (...of) =>
  (await import('./jaeger.ts')).startJaeger(...of)
