/** Identity of a caller, according to its credential, never to the data that it sends. */
export const SCOPES = ['ingest', 'read', 'admin'] as const
/** What a credential allows: `ingest` sends telemetry, `read` queries, `admin` changes something (docs/auth.md). */
export type Scope = (typeof SCOPES)[number]

/**
 * The operator of the instance. Rows without a tenant, such as those of the quarantine, are shown only to this tenant.
 */
export const OPERATOR_TENANT = 'default'

/** The sender of a request, according to its credential. */
export interface Identity {
  readonly tenant: string
  readonly scopes: readonly Scope[]
  /** Accounts of the tenant to which it is limited; null: all of them. */
  readonly accounts: readonly string[] | null
  /** Pays for the workloads that it sends readings of; absent: the rules say who pays. */
  readonly account?: string
}

/** A tenant is part of keys, and appears in paths and labels. */
export const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** The rule of `TENANT` as text, for error messages. */
export const TENANT_SHAPE = 'letters, digits, dot, underscore and hyphen, 64 at most, such as shop'

/** Attribute of readings of workloads: the account that the token of their sender names. Senders cannot set it. */
export const ACCOUNT_ATTRIBUTE = 'wattline.account'
