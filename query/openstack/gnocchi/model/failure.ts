/** Errors in Gnocchi's form. Its client recognises some by their text. */

/** Describes what is wrong: a text, or an object with the cause. */
export type GnocchiDescription = string | Readonly<Record<string, unknown>>

/** An error whose status and text clients of Gnocchi expect. */
export class GnocchiError extends Error {
  readonly status: number
  readonly description: GnocchiDescription

  constructor(status: number, description: GnocchiDescription) {
    super(typeof description === 'string' ? description : JSON.stringify(description))
    this.name = 'GnocchiError'
    this.status = status
    this.description = description
  }
}

const quoted = (text: string): string => text.slice(0, 100)

/** 404, as Gnocchi says it. */
export const noSuch = (
  what: 'Metric' | 'Resource' | 'Resource type' | 'Archive policy' | 'Archive policy rule',
  name: string,
): GnocchiError => new GnocchiError(404, `${what} ${quoted(name)} does not exist`)

/** 400 for a parameter. */
export const argumentError = (detail: string, reason: string): GnocchiError =>
  new GnocchiError(400, { cause: 'Argument value error', detail, reason })

/** 400 for a body. */
export const invalidInput = (reason: string): GnocchiError =>
  new GnocchiError(400, `Invalid input: ${reason}`)

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  501: 'Not Implemented',
  503: 'Service Unavailable',
}

/** The body of an error. */
export const failureBody = (status: number, description: GnocchiDescription): object => ({
  code: status,
  title: TITLES[status] ?? 'Error',
  description,
})
