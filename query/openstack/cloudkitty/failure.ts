/** Errors in CloudKitty's form. */

/** An error whose status and text clients of CloudKitty expect. */
export class CloudKittyError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'CloudKittyError'
    this.status = status
  }
}

/** 400 for a parameter. */
export const badRequest = (message: string): CloudKittyError => new CloudKittyError(400, message)

/** 404, as CloudKitty says that there is nothing. */
export const nothingFound = (): CloudKittyError =>
  new CloudKittyError(404, 'No resource found for provided filters.')
