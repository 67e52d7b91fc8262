/**
 * The table: every metric that is a power, CPU, memory or request reading, from whichever endpoint. A new source is
 * new rows. Each row has a test.
 */
import type { Mapping } from './mapping.ts'
import { OTLP_MAPPINGS } from './otlp.ts'
import { PROMETHEUS_MAPPINGS } from './prometheus.ts'

/** All rows. The first row that applies to a point decides. */
export const MAPPINGS: readonly Mapping[] = [...OTLP_MAPPINGS, ...PROMETHEUS_MAPPINGS]
