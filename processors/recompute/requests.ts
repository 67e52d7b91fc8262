/** Recomputing that people ask for: what is asked, as a control record of stream `late_readings`, and how far it is. */

/** Value of the header `kind` of a record that asks for a range to be computed again and booked (value: JSON). */
export const REQUEST_KIND = 'recompute'
/** The same to end a request. */
export const CANCEL_KIND = 'recompute_cancel'

/** What is asked for. */
export interface RecomputeRequest {
  readonly id: string
  /** Null: all tenants; all hosts. */
  readonly tenant: string | null
  readonly host: string | null
  /** Minutes `[from, to)`, seconds since the epoch. */
  readonly from: number
  readonly to: number
  /** recomputed: from readings. factors_revised: who pays, and at what price, for the energy that is booked. */
  readonly reason: 'recomputed' | 'factors_revised'
  /** Not taken up before, unix ms: by then everybody rates by what has been revised. */
  readonly notBeforeMs: number
}

/** A request and how far one partition is with it. Kept in the state of the group. */
export interface RequestProgress extends RecomputeRequest {
  /** Up to where it is done: minutes before `done` of this host, and all hosts before it in order. */
  readonly cursor: { readonly tenant: string; readonly host: string; readonly done: number } | null
  readonly entries: number
}

/** Start of the names of state entries that hold requests. */
export const REQUEST_PREFIX = 'request\u0000'

/** As JSON. */
export const encodeRequest = (request: RequestProgress | RecomputeRequest): Uint8Array =>
  Buffer.from(JSON.stringify(request))
/** @throws SyntaxError when the bytes are not JSON; the fields are not checked, since `encodeRequest` wrote them. */
export const decodeRequest = (bytes: Uint8Array): RequestProgress => ({
  cursor: null,
  entries: 0,
  ...(JSON.parse(Buffer.from(bytes).toString()) as RecomputeRequest),
})
