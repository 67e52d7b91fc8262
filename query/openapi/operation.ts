/** What is said about a route in the OpenAPI document, in addition to its path and access. */
export interface Operation {
  readonly summary: string
  /** Parameters of the URL. */
  readonly query?: Readonly<Record<string, QueryParameter>>
  /** Name of a type in core/api that describes the answer; a list of it; or a media type for other answers. */
  readonly answer?: string | { readonly list: string } | { readonly media: string }
  /** A JSON body, by its members. */
  readonly body?: Readonly<Record<string, BodyMember>>
  /** Another status of success. */
  readonly status?: number
}

/** One parameter. */
export interface QueryParameter {
  readonly description: string
  readonly values?: readonly string[]
  readonly isInteger?: true
  readonly isRequired?: true
}

/** One member of a body. */
export interface BodyMember {
  readonly description: string
  readonly type: 'string' | 'boolean' | 'number' | 'object' | 'array'
  readonly isRequired?: true
}

/** A parameter of text. */
export const text = (description: string): QueryParameter => ({ description })
/** One that must be given. */
export const needed = (description: string): QueryParameter => ({ description, isRequired: true })
/** One of some words. */
export const oneOf = (description: string, ...values: readonly string[]): QueryParameter => ({
  description,
  values,
})
/** A number of something. */
export const count = (description: string): QueryParameter => ({ description, isInteger: true })
/** A member of a body. */
export const member = (type: BodyMember['type'], description: string): BodyMember => ({ type, description })
/** One that must be given. */
export const neededMember = (type: BodyMember['type'], description: string): BodyMember => ({
  type,
  description,
  isRequired: true,
})

/** Media types of answers that are not JSON. */
export const PLAIN = { media: 'text/plain' } as const
