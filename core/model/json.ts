/** A JSON object of which nothing else is certain. */
export type JsonObject = Readonly<Record<string, unknown>>
