import { counter, type EventDeclaration } from './declaration.ts'

/** Ports, tokens and certificates. */
export const LISTENER_EVENTS = {
  listenerStarted: { level: 'info' },
  accessRefused: {
    level: 'debug',
    counter: counter(
      'wattline_access_refused_total',
      'Requests and handshakes refused: token missing, malformed, unknown, expired or without the scope; host, origin, tls',
      'reason',
    ),
  },
  filesReloaded: { level: 'info' },
  filesRefused: {
    level: 'error',
    counter: counter(
      'wattline_files_refused_total',
      'New tokens or certificates that cannot be used; the old ones stay in force',
      'what',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Requests of any listener. */
export const REQUEST_EVENTS = {
  requestFailed: {
    level: 'error',
    counter: counter(
      'wattline_requests_failed_total',
      'Requests that failed because of an internal error',
      'code',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
