/** The built-in mappings: every metric that is a power, CPU, memory, network or request reading, from any endpoint. */
import type { BuiltInRow } from '../row.ts'
import { BMC_ROWS } from './bmc.ts'
import { CEILOMETER_ROWS } from './ceilometer.ts'
import { CLUSTER_ROWS } from './clusters.ts'
import { FLOW_ROWS } from './flows.ts'
import { GPU_ROWS } from './gpu.ts'
import { KEPLER_ROWS } from './kepler.ts'
import { KUBERNETES_ROWS } from './kubernetes.ts'
import { NODE_ROWS } from './node.ts'
import { OTLP_ROWS } from './otlp.ts'
import { PLUG_ROWS } from './plugs.ts'
import { VM_ROWS } from './virtual-machines.ts'

/** All rows. Of the rows of one metric the first that applies to a point wins. */
export const BUILT_IN_ROWS: readonly BuiltInRow[] = [
  ...OTLP_ROWS,
  ...KEPLER_ROWS,
  ...NODE_ROWS,
  ...BMC_ROWS,
  ...GPU_ROWS,
  ...CEILOMETER_ROWS,
  ...CLUSTER_ROWS,
  ...VM_ROWS,
  ...KUBERNETES_ROWS,
  ...FLOW_ROWS,
  ...PLUG_ROWS,
]
