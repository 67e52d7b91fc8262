/** A listener for telemetry, as the code that starts and stops it sees it. */
export interface Receiver {
  /** Resolves when listening. Throws `address_in_use`, or `config_invalid` for an address that cannot be listened on. */
  start(): Promise<void>
  /** Where it listens: the port is the real one when 0 was asked for. */
  address(): { readonly host: string; readonly port: number }
  /** Accepts no more, answers what is in flight, resolves when all connections have ended. */
  stop(): Promise<void>
}
