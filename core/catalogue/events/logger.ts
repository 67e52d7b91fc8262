import { type Logger, pino } from 'pino'
import type { Level } from './declaration.ts'

/** Of log lines that are not read; more are dropped. */
const MOST_UNWRITTEN_BYTES = 1_048_576

/** Structured logs as JSON lines on stderr; `level` from config `log.level`, `base` in every line. */
export function createLogger(level: Level, base: Readonly<Record<string, number>> = {}): Logger {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MOST_UNWRITTEN_BYTES })
  // A log that cannot be written (nothing reads it, its disk is full) does not stop the process from serving.
  destination.on('error', () => undefined)
  return pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
