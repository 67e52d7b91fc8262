/** ISO 8601 in UTC with milliseconds, of seconds since the epoch: `2026-11-30T12:00:00.000Z`. */
export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** The same to the second: `2026-11-30T12:00:00Z`. */
export const isoSecond = (seconds: number): string => isoTime(seconds).replace('.000', '')
