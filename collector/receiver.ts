/** A listener for telemetry, from the point of view of the code that starts and stops it. */
export interface Receiver {
  /** Resolves when listening. Throws `address_in_use`, or `config_invalid` for an unusable address. */
  start(): Promise<void>
  /** Where it listens; the actual port if 0 was configured. */
  address(): { readonly host: string; readonly port: number }
  /** Accepts nothing more, answers requests in flight, resolves when all connections have ended. */
  stop(): Promise<void>
}
