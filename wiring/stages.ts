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

type Stages = Pick<typeof Collector, 'startIntake' | 'startReceivers' | 'startSources' | 'startFactors'> &
  Pick<typeof Neighbours, 'startLog' | 'startLateLog' | 'startWarehouse' | 'startSnapshots'> &
  Pick<
    typeof Processors,
    'startFactorFiles' | 'startRecomputations' | 'startRunner' | 'startErasures' | 'startUplink'
  > &
  Pick<typeof Telemetry, 'startOwnTelemetry'> &
  Pick<typeof Exports, 'startExports'> &
  Pick<typeof Jaeger, 'startJaeger'>

/** The functions that start them. */
export const stages: Stages = {
  startIntake: async (...of) => (await collector()).startIntake(...of),
  startReceivers: async (...of) => (await collector()).startReceivers(...of),
  startSources: async (...of) => (await collector()).startSources(...of),
  startFactors: async (...of) => (await collector()).startFactors(...of),
  startLog: async (...of) => (await neighbours()).startLog(...of),
  startLateLog: async (...of) => (await neighbours()).startLateLog(...of),
  startWarehouse: async (...of) => (await neighbours()).startWarehouse(...of),
  startSnapshots: async (...of) => (await neighbours()).startSnapshots(...of),
  startFactorFiles: async (...of) => (await processors()).startFactorFiles(...of),
  startRecomputations: async (...of) => (await processors()).startRecomputations(...of),
  startRunner: async (...of) => (await processors()).startRunner(...of),
  startErasures: async (...of) => (await processors()).startErasures(...of),
  startUplink: async (...of) => (await processors()).startUplink(...of),
  startOwnTelemetry: async (...of) => (await import('./telemetry.ts')).startOwnTelemetry(...of),
  startExports: async (...of) => (await import('./exports.ts')).startExports(...of),
  startJaeger: async (...of) => (await import('./jaeger.ts')).startJaeger(...of),
}
