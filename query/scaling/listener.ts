/** A listener for autoscalers, from the point of view of the code that starts and stops it. */
export interface AutoscalerListener {
  /** Port 0: any free port. @throws WattlineError `address_in_use`, `config_invalid` */
  listen(host: string, port: number): Promise<void>
  address(): { readonly host: string; readonly port: number }
  /** Answers that go on. */
  openStreams(): number
  /** Accepts nothing more, answers what is in flight, resolves when all connections have ended. */
  stop(): Promise<void>
}
