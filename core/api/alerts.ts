/** A rule as `GET /api/v1/rules` lists it. Times in seconds. */
export interface RuleAnswer {
  readonly group: string
  readonly rule: string
  /** The built-in check; null for a statement of its own. */
  readonly check: string | null
  /** The statement that it asks; '' where its values do not come from a table. */
  readonly sql: string
  readonly interval: number
  readonly window: number
  readonly above: number | null
  readonly below: number | null
  readonly for: number
  readonly keep_firing_for: number
  readonly no_data: 'alert' | 'ok' | 'keep'
  readonly labels: Readonly<Record<string, string>>
  /** That of its worst alert; `no_data`: it gets no value, and none of its alerts fires otherwise. */
  readonly state: 'inactive' | 'pending' | 'firing' | 'no_data'
  /** Alerts of it that are pending or firing. */
  readonly alerts: number
}

/** `GET /api/v1/rules` */
export interface RulesAnswer {
  readonly rules: readonly RuleAnswer[]
}

/** An alert that is pending or firing. */
export interface AlertAnswer {
  readonly group: string
  readonly rule: string
  readonly fingerprint: string
  readonly state: 'pending' | 'firing'
  /** As of its last change of state; null: no value. */
  readonly value: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly active_at: string
  /** Null while it is pending. */
  readonly fired_at: string | null
  /** Ids of silences that cover it now. */
  readonly silenced_by: readonly string[]
}

/** `GET /api/v1/alerts` */
export interface AlertsAnswer {
  readonly alerts: readonly AlertAnswer[]
  readonly truncated: boolean
}

/** An attempt to deliver a message. */
export interface DeliveryAnswer {
  readonly time: string
  readonly id: string
  readonly receiver: string
  readonly attempt: number
  readonly outcome: 'delivered' | 'failed' | 'dead'
  /** HTTP status; null: no answer. */
  readonly status: number | null
  readonly error: string
  readonly duration_ms: number
  /** Null: there is none. */
  readonly next_attempt: string | null
}

/** `GET /api/v1/deliveries` */
export interface DeliveriesAnswer {
  readonly deliveries: readonly DeliveryAnswer[]
  readonly truncated: boolean
}

/** A silence. */
export interface SilenceAnswer {
  readonly id: string
  readonly matchers: Readonly<Record<string, string>>
  readonly starts_at: string
  readonly ends_at: string
  readonly created_by: string
  readonly comment: string
}

/** `GET /api/v1/silences` */
export interface SilencesAnswer {
  readonly silences: readonly SilenceAnswer[]
}

/** `POST /api/v1/deliveries/{id}/replay` */
export interface DeliveryReplayAnswer {
  readonly id: string
  /** Messages that were written again. */
  readonly messages: number
}
