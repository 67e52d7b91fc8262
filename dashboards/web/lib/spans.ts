/** Screens of the page. */
export const VIEWS = [
  { value: 'energy', label: 'Energy' },
  { value: 'bills', label: 'Bills' },
  { value: 'scaling', label: 'Scaling' },
  { value: 'alerts', label: 'Alerts' },
] as const

/** Time windows that the reader can choose, in the form of the usage route. */
export const USAGE_WINDOWS = [
  { value: '5m', label: '5 m', long: 'last 5 minutes' },
  { value: '1h', label: '1 h', long: 'last hour' },
  { value: '24h', label: '24 h', long: 'last 24 hours' },
  { value: '7d', label: '7 d', long: 'last 7 days' },
  { value: 'today', label: 'Today', long: 'today (UTC)' },
  { value: 'month', label: 'Month', long: 'this month (UTC)' },
] as const
/** A window of usage, as the `window` parameter of the route takes it. */
export type UsageWindow = (typeof USAGE_WINDOWS)[number]['value']

/** Lengths of the live chart, in minutes; the route accepts 1 to 60. */
export const LIVE_MINUTES = [
  { value: '5', label: '5 min' },
  { value: '15', label: '15 min' },
  { value: '60', label: '60 min' },
] as const
/** A length of the live chart, in minutes as text. */
export type LiveMinutes = (typeof LIVE_MINUTES)[number]['value']

/** Delay before the next poll: the normal interval, doubling while the server is unreachable, at most 15 s. */
export function nextDelayMs(intervalMs: number, failures: number): number {
  if (failures === 0) return intervalMs
  return Math.min(15_000, 1_000 * 2 ** Math.min(failures - 1, 10))
}
