import { type Logger, pino } from 'pino'
import type { Level } from './declaration.ts'

/** Limit of buffered log bytes that nothing reads; more are dropped. */
const MOST_UNWRITTEN_BYTES = 1_048_576

/** Structured logs as JSON lines on stderr; `level` from config `log.level`, `base` in every line. */
export function createLogger(level: Level, base: Readonly<Record<string, number>> = {}): Logger {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MOST_UNWRITTEN_BYTES })
  // If the log cannot be written (nothing reads it, its disk is full), the process continues to serve.
  destination.on('error', () => undefined)
  return pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
