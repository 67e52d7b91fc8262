/**
 * The table: every metric that is a power, CPU, memory or request reading, from any endpoint. To add a source, add
 * rows. Each row has a test.
 */
import type { Mapping } from './mapping.ts'
import { OTLP_MAPPINGS } from './otlp.ts'
import { PROMETHEUS_MAPPINGS } from './prometheus.ts'

/** All rows. The first row that applies to a point wins. */
export const MAPPINGS: readonly Mapping[] = [...OTLP_MAPPINGS, ...PROMETHEUS_MAPPINGS]
