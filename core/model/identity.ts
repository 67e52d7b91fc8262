/** Who asks or sends, as its credential says: never as what it sends says. */
export const SCOPES = ['ingest', 'read', 'admin'] as const
/** What a credential allows: `ingest` sends telemetry, `read` queries, `admin` changes something (docs/auth.md). */
export type Scope = (typeof SCOPES)[number]

/** Whoever runs the instance. Rows that name no tenant, such as those of the quarantine, are shown to this tenant alone. */
export const OPERATOR_TENANT = 'default'

/** Who sent a request, as its credential says. */
export interface Identity {
  readonly tenant: string
  readonly scopes: readonly Scope[]
  /** Accounts of the tenant that it is limited to; null: all of them. */
  readonly accounts: readonly string[] | null
  /** Pays for the workloads that it sends readings of; absent: the rules say who pays. */
  readonly account?: string
}

/** A tenant is part of keys, and shows in paths and labels. */
export const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** The rule of `TENANT` in words, for messages about a tenant that breaks it. */
export const TENANT_SHAPE = 'letters, digits, dot, underscore and hyphen, 64 at most, such as shop'

/** Attribute of readings of workloads: the account that the token of their sender names. Senders cannot set it. */
export const ACCOUNT_ATTRIBUTE = 'wattline.account'
